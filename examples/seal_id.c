/* SPDX-License-Identifier: Apache-2.0
 *
 * The id that a chip's maker has burned in, and whether a seal is strong enough. For bulla/seal_id.h
 *
 * prints: designer 2049, model 261, serial 35187607885432
 * prints: high security for security: yes
 */
#include <bulla/seal_id.h>
#include <stdio.h>

int main(void)
{
    static const uint8_t bytes[BULLA_SEAL_ID_SIZE] = {0xe2, 0x80, 0x11, 0x05, 0x20, 0x00, 0xc0, 0xde, 0x56, 0x78};
    struct bulla_seal_id id;
    struct bulla_fault fault;
    if (bulla_seal_id_decode(bytes, &id, &fault) != BULLA_OK)
        return 1;
    printf("designer %u, model %u, serial %llu\n", id.designer, id.model, (unsigned long long)id.serial);
    printf("%s for %s: %s\n", bulla_strength_text(bulla_strength_from('H')), bulla_strength_text(BULLA_STRENGTH_SECURITY),
           bulla_strength_satisfies(BULLA_STRENGTH_HIGH, BULLA_STRENGTH_SECURITY) ? "yes" : "no");
    return 0;
}
