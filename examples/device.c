/* SPDX-License-Identifier: Apache-2.0
 *
 * A seal is closed with permission and opened without. For bulla/device.h bulla/indicator.h bulla/profile.h
 *
 * prints: seal: sealed, shows secure, lamp lit
 * prints: shackle-opened: tampered-open, shows tampered, lamp dark
 * prints: seal: refused, it was tampered with in this journey: return it first
 */
#include <bulla/indicator.h>
#include <stdio.h>

static void on(struct bulla_device *device, enum bulla_on event, uint32_t facts)
{
    struct bulla_device_step step = bulla_device_step(device, event, facts);
    *device = step.after;
    if (step.refusal != BULLA_REFUSAL_NONE)
        printf("%s: refused, %s\n", bulla_on_text(event), bulla_refusal_words(step.refusal));
    else
        printf("%s: %s, shows %s, lamp %s\n", bulla_on_text(event), bulla_device_state_text(device->state),
               bulla_shows_text(bulla_device_shows(device)), bulla_look_text(bulla_indicator_look(device, 0, BULLA_INDICATOR_SEALING)));
}

int main(void)
{
    struct bulla_device device;
    uint32_t may = BULLA_FACT(AUTHORISED) | BULLA_FACT(CLOCK_GOOD);
    if (!bulla_device_init(&device, BULLA_PROFILE_ACTIVE))
        return 1;
    device.state = BULLA_DEVICE_WRITTEN;
    on(&device, BULLA_ON_SEAL, may);
    on(&device, BULLA_ON_SHACKLE_OPENED, BULLA_FACT(SHACKLE_OUT));
    on(&device, BULLA_ON_SEAL, may);
    return 0;
}
