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
  const verify = (account: string) =>
    smtpUrl === undefined
      ? [
          '# the link in its mail, opened as soon as the mail is there',
          `until LINK=$(curl -s ${url}/mailbox -H "Accept: application/json" | grep -o "http[^ ]*account=$${account}&code=[0-9a-f]*"); do sleep 0.2; done; echo "$LINK"`,
          `curl -s "$LINK"; echo`,
        ]
      : ['# then open the link in the mail']
  const open = (name: string) =>
    post(
      '/api/accounts',
      `{"email":"${name}-${run}@example.com","password":"correct horse","owner":"Owner"}`,
      `Idempotency-Key: open-${name}-${run}`,
    )
  const field = (name: string) => `sed 's/.*"${name}":"*\\([^",}]*\\).*/\\1/'`
  const token = 'Authorization: Bearer $TOKEN'
  return [
    `The bank listens at ${url}; its storage is ${storage}.`,
    smtpUrl === undefined ? `Its mails lie in ${url}/mailbox.` : 'Its mails go out through the server that SMTP_URL names.',
    `What can be asked of it, and a page to try it: ${url}/docs.`,
    '',
    'To paste one after another:',
    '',
    '# an account, with the gift of $1,000; sent twice, it is opened once, for the Idempotency-Key is the same',
    `OPENED=$(${open('owner')}); echo "$OPENED"`,
    `ACCOUNT=$(echo "$OPENED" | ${field('account')}); echo "$ACCOUNT"`,
    ...verify('ACCOUNT'),
    '# a session, its token, and money',
    `TOKEN=$(${post(`/api/sessions`, `{"account":"'$ACCOUNT'","password":"correct horse"}`)} | ${field('token')}); echo "$TOKEN"`,
    `${post(`/api/accounts/$ACCOUNT/deposits`, '{"amount":2500}', token, `Idempotency-Key: deposit-${run}`)}; echo`,
    `WITHDRAWN=$(${post(`/api/accounts/$ACCOUNT/withdrawals`, '{"amount":5000}', token, `Idempotency-Key: withdrawal-${run}`)}); echo "$WITHDRAWN"`,
    '# as it is after the withdrawal: the read waits for the position that the withdrawal answered',
    `POSITION=$(echo "$WITHDRAWN" | ${field('position')})`,
    `curl -s ${url}/api/accounts/$ACCOUNT -H "${token}" -H "Writ-Wait-For: $POSITION"; echo`,
    '# a transfer to another account; it is under way when it is answered, so ask until it has ended',
    `OTHER=$(${open('other')} | ${field('account')}); echo "$OTHER"`,
    ...verify('OTHER'),
    `TRANSFER=$(${post('/api/transfers', `{"from":"'$ACCOUNT'","to":"'$OTHER'","amount":1500}`, token, `Idempotency-Key: transfer-${run}`)} | ${field('transfer')}); echo "$TRANSFER"`,
    `until ENDED=$(curl -s ${url}/api/transfers/$TRANSFER -H "${token}" | grep -v '"requested"'); do sleep 0.2; done; echo "$ENDED"`,
    `curl -s ${url}/health; echo`,
    '',
    'Ctrl-C stops it.',
    '',
  ].join('\n')
}
