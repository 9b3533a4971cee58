/* SPDX-License-Identifier: Apache-2.0
 *
 * A container number that somebody has written down wrong, and what was meant. For bulla/container.h
 *
 * prints: position 3: expected category U, J, Z or R
 * prints: perhaps CSQU3054383 (transposed)
 */
#include <bulla/container.h>
#include <stdio.h>

int main(void)
{
    static const char text[] = "CSUQ3054383";
    struct bulla_bytes view = {(const uint8_t *)text, BULLA_CONTAINER_LENGTH};
    struct bulla_container container;
    struct bulla_candidate candidate;
    struct bulla_fault fault;
    if (bulla_container_decode(view, &container, &fault) == BULLA_OK)
        return 1;
    printf("position %u: expected %s\n", (unsigned)fault.at, fault.expected);
    if (bulla_container_candidates(view, &candidate, 1) > 0)
        printf("perhaps %s (%s)\n", candidate.number, bulla_slip_text(candidate.slip));
    return 0;
}
