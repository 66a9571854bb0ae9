declare const mistake: unique symbol

/** What the compiler shows in the place of the type that would fit, for a mistake that it has noticed; no value is one. */
export interface Mistake<Text extends string> {
  readonly [mistake]: Text
}
