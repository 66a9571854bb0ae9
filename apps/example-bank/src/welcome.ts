import type { Configuration } from './configuration.js'
import type { RunningBank } from './start-bank.js'

/** What is printed at the start: where the bank is, and lines to paste, one after another. They need nothing but curl, grep and sed. */
export function welcome({ url, storage }: RunningBank, { smtpUrl }: Configuration): string {
  // Other ones at each start, so that the lines work again on data that are kept.
  const run = Date.now().toString(36)
  const post = (path: string, body: string, ...headers: string[]) =>
    [
      `curl -s ${url}${path}`,
      ...['Content-Type: application/json', ...headers].map((header) => `-H "${header}"`),
      `-d '${body}'`,
    ].join(' ')
  const verify =
    smtpUrl === undefined
      ? [
          '# the link in its mail, opened as soon as the mail is there',
          `until LINK=$(curl -s ${url}/mailbox -H "Accept: application/json" | grep -o "http[^ ]*account=$ACCOUNT&code=[0-9a-f]*"); do sleep 0.2; done; echo "$LINK"`,
          `curl -s "$LINK"; echo`,
        ]
      : ['# then open the link in the mail']
  return [
    `The bank listens at ${url}; its storage is ${storage}.`,
    smtpUrl === undefined ? `Its mails lie in ${url}/mailbox.` : 'Its mails go out through the server that SMTP_URL names.',
    '',
    'To paste one after another:',
    '',
    '# an account, with the gift of $1,000; sent twice, it is opened once, for the Idempotency-Key is the same',
    `OPENED=$(${post('/api/accounts', `{"email":"owner-${run}@example.com","password":"correct horse","owner":"Owner One"}`, `Idempotency-Key: open-${run}`)}); echo "$OPENED"`,
    `ACCOUNT=$(echo "$OPENED" | sed 's/.*"account":"\\([0-9]*\\)".*/\\1/'); echo "$ACCOUNT"`,
    ...verify,
    '# a session, its token, and money',
    `TOKEN=$(${post('/api/sessions', `{"account":"'$ACCOUNT'","password":"correct horse"}`)} | sed 's/.*"token":"\\([^"]*\\)".*/\\1/'); echo "$TOKEN"`,
    `${post(`/api/accounts/$ACCOUNT/deposits`, '{"amount":2500}', 'Authorization: Bearer $TOKEN', `Idempotency-Key: deposit-${run}`)}; echo`,
    `${post(`/api/accounts/$ACCOUNT/withdrawals`, '{"amount":5000}', 'Authorization: Bearer $TOKEN', `Idempotency-Key: withdrawal-${run}`)}; echo`,
    `curl -s ${url}/api/accounts/$ACCOUNT -H "Authorization: Bearer $TOKEN"; echo`,
    `curl -s ${url}/health; echo`,
    '',
    'Ctrl-C stops it.',
    '',
  ].join('\n')
}
