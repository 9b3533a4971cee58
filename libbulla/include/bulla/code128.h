/* SPDX-License-Identifier: Apache-2.0
 *
 * Code 128, the bar code on seals and their documents (WCO study report, 3.1): printable ASCII as widths of bars and spaces.
 *
 *   start | symbols | check symbol | stop     each symbol three bars and three spaces, 11 modules; the stop four and three, 13
 *
 * Widths are in modules, 1 to 4, the first one a bar. Three sets give symbols their meaning: B is printable ASCII, C two digits
 * a symbol, A capitals and control characters. Encoding uses C for runs of digits and B for the rest; decoding knows all three,
 * and shifts. The check symbol is start + sum of value * place, modulo 103: any one wrong symbol is found.
 *
 * A reader tells widths from its own measurements; those come here as whole modules. `fault->at` counts widths, in encoding
 * characters.
 */
#ifndef BULLA_CODE128_H
#define BULLA_CODE128_H

#include "bulla/api.h"
#include "bulla/fault.h"

BULLA_BEGIN

#define BULLA_CODE128_TEXT_MAX 80
#define BULLA_CODE128_WIDTHS   6
#define BULLA_CODE128_STOP     7
/* Start, a symbol a character, changes of set, check symbol, stop. */
#define BULLA_CODE128_WIDTHS_MAX (BULLA_CODE128_WIDTHS * (2 * BULLA_CODE128_TEXT_MAX + 2) + BULLA_CODE128_STOP)

/* REFUSED: no text, a character that is not printable ASCII, or more than BULLA_CODE128_TEXT_MAX of them. */
enum bulla_status bulla_code128_encode(struct bulla_bytes text, uint8_t widths[BULLA_CODE128_WIDTHS_MAX], size_t *n,
                                       struct bulla_fault *fault) BULLA_MUST_CHECK;

/* Into a text that ends with NUL. MORE: cut off; NOT_MINE: it does not begin as this code does; DAMAGED: widths that are no symbol,
 * no stop at the end, the check symbol; INSANE: what is no printable text (control characters, functions), or none at all;
 * FULL: too long. */
enum bulla_status bulla_code128_decode(const uint8_t *widths, size_t n, char text[BULLA_CODE128_TEXT_MAX + 1],
                                       struct bulla_fault *fault) BULLA_MUST_CHECK;

BULLA_END

#endif
