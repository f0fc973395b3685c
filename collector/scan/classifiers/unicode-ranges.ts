/** Ranges of Unicode that the hidden-text and look-alike classifiers tell apart. Code points; Unicode 17 blocks. */

const within = (code: number, ...bounds: readonly number[]): boolean => {
  for (let i = 0; i + 1 < bounds.length; i += 2) if (code >= bounds[i]! && code <= bounds[i + 1]!) return true
  return false
}

export const isTag = (code: number): boolean => code >= 0xe0000 && code <= 0xe007f
export const isVariationSelector = (code: number): boolean => code >= 0xfe00 && code <= 0xfe0f
/** VS17 to VS256: they belong after ideographs only. */
export const isSupplementSelector = (code: number): boolean => code >= 0xe0100 && code <= 0xe01ef
/** Invisible and without width, whatever stands around. */
export const isZeroWidth = (code: number): boolean =>
  (code >= 0x200b && code <= 0x200d) || code === 0x2060 || code === 0xfeff || code === 0x180e || code === 0x034f
/** Function application, invisible times, separator, plus; deprecated format characters; annotation marks. */
export const isInvisibleOperator = (code: number): boolean =>
  within(code, 0x2061, 0x2064, 0x206a, 0x206f, 0xfff9, 0xfffb)
/** Letters that show nothing: Hangul and Khmer fillers, the empty braille pattern. */
export const isFiller = (code: number): boolean =>
  code === 0x115f ||
  code === 0x1160 ||
  code === 0x3164 ||
  code === 0xffa0 ||
  code === 0x17b4 ||
  code === 0x17b5 ||
  code === 0x2800
export const isBidiControl = (code: number): boolean =>
  (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)
export const isBidiMark = (code: number): boolean => code === 0x200e || code === 0x200f || code === 0x061c
export const isPrivateUse = (code: number): boolean => within(code, 0xe000, 0xf8ff, 0xf0000, 0x10fffd)
/** Blanks other than space, tab and line breaks. */
export const isOddSpace = (code: number): boolean =>
  within(code, 0x2000, 0x200a, 0x3000, 0x3000, 0x205f, 0x205f, 0x00a0, 0x00a0, 0x1680, 0x1680)

/** Hebrew, Arabic and the other scripts that run from right to left. */
export const isRightToLeft = (code: number): boolean =>
  within(code, 0x0590, 0x08ff, 0xfb1d, 0xfdff, 0xfe70, 0xfefc, 0x10800, 0x10fff, 0x1e800, 0x1efff)
/** Scripts whose spelling needs joiners, non-joiners or marks where a line may break. */
export const isJoiningScript = (code: number): boolean =>
  within(
    code,
    0x0600,
    0x08ff,
    0x0900,
    0x0dff,
    0x0e00,
    0x0fff,
    0x1000,
    0x109f,
    0x1780,
    0x18af,
    0x1900,
    0x1cff,
    0xa840,
    0xabff,
    0xfb50,
    0xfdff,
    0xfe70,
    0xfefc,
    0x11000,
    0x11fff,
  )
export const isIdeographic = (code: number): boolean =>
  within(code, 0x2e80, 0x30ff, 0x3130, 0x318f, 0x3400, 0x9fff, 0xac00, 0xd7af, 0xf900, 0xfaff, 0x20000, 0x323af)
/** Emoji, their parts, and symbols that take an emoji form. */
export const isPictograph = (code: number): boolean =>
  within(
    code,
    0x1f000,
    0x1faff,
    0x2190,
    0x2bff,
    0x3030,
    0x303d,
    0x203c,
    0x2049,
    0x2122,
    0x2139,
    0x3297,
    0x3299,
    0xfe0f,
    0xfe0f,
    0x20e3,
    0x20e3,
  ) ||
  code === 0xa9 ||
  code === 0xae

export const isCyrillic = (code: number): boolean => within(code, 0x0400, 0x052f)
export const isGreek = (code: number): boolean => within(code, 0x0370, 0x03ff)
export const isArmenian = (code: number): boolean => within(code, 0x0531, 0x0587)
export const isCherokee = (code: number): boolean => within(code, 0x13a0, 0x13ff, 0xab70, 0xabbf)
export const isFullwidthLetter = (code: number): boolean => within(code, 0xff21, 0xff3a, 0xff41, 0xff5a)
export const isMathLetter = (code: number): boolean => within(code, 0x1d400, 0x1d7cb)
export const isEnclosedLetter = (code: number): boolean => within(code, 0x24b6, 0x24e9, 0x1f130, 0x1f189)
