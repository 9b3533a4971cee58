/* SPDX-License-Identifier: Apache-2.0
 *
 * Fields of bits and of bytes, one after the other, with one test at the end. For bulla/bits.h bulla/cursor.h
 *
 * prints: 3 bits of 5, 12 bits of 2748; then 258; then nothing left: yes
 */
#include <bulla/bits.h>
#include <bulla/cursor.h>
#include <stdio.h>

int main(void)
{
    uint8_t bytes[4] = {0, 0, 0x01, 0x02};
    struct bulla_bit_writer w = bulla_bit_writer_over(bytes, 16);
    bulla_bit_writer_put(&w, 3, 5);
    bulla_bit_writer_put(&w, 12, 0xABC);
    struct bulla_bit_reader r = bulla_bit_reader_over(bytes, 16);
    unsigned first = (unsigned)bulla_bit_reader_get(&r, 3), second = (unsigned)bulla_bit_reader_get(&r, 12);
    struct bulla_cursor c = bulla_cursor_over(bytes + 2, 2);
    unsigned third = bulla_cursor_get_u16(&c);
    (void)bulla_cursor_get_u8(&c);
    if (w.failed || r.failed)
        return 1;
    printf("3 bits of %u, 12 bits of %u; then %u; then nothing left: %s\n", first, second, third, c.failed ? "yes" : "no");
    return 0;
}
