export interface Mail {
  /** The id of the event that it tells of: a mail that is sent again carries the same Message-ID. */
  readonly event: string
  readonly to: string
  readonly subject: string
  readonly text: string
}

export abstract class Mailer {
  /** Returns when somebody else is responsible for the mail: the SMTP server, or the mailbox's disk. */
  abstract send(mail: Mail): Promise<void>
}

/** This one mail will never be taken: nobody need try again. */
export class MailRefused extends Error {
  override readonly name = 'MailRefused'
}

/** The mail server takes this one mail later, it says: its recipient's mailbox is full, or the sender not known well enough. */
export class MailDeferred extends Error {
  override readonly name = 'MailDeferred'
}

/** Nothing can be mailed now: the mail server is away, or does not take the bank's login. That is about no single mail. */
export class MailServerAway extends Error {
  override readonly name = 'MailServerAway'
}
