/* SPDX-License-Identifier: Apache-2.0
 *
 * A text as a bar code: its widths in modules, from the first bar on, and read from these. For bulla/code128.h
 *
 * prints: 2112141113231311231313212221222331112
 * prints: ABC
 */
#include <bulla/code128.h>
#include <stdio.h>

int main(void)
{
    uint8_t widths[BULLA_CODE128_WIDTHS_MAX];
    char text[BULLA_CODE128_TEXT_MAX + 1];
    struct bulla_fault fault;
    size_t n;
    if (bulla_code128_encode((struct bulla_bytes){(const uint8_t *)"ABC", 3}, widths, &n, &fault) != BULLA_OK)
        return 1;
    for (size_t i = 0; i < n; i++)
        putchar('0' + widths[i]);
    putchar('\n');
    if (bulla_code128_decode(widths, n, text, &fault) == BULLA_OK)
        puts(text);
    return 0;
}
