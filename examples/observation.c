/* SPDX-License-Identifier: Apache-2.0
 *
 * What a device said, as every protocol hands it on. For bulla/observation.h
 *
 * prints: eseal:0042 cover opened, battery 80 %
 */
#include <bulla/observation.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    struct bulla_observation o;
    bulla_observation_init(&o, "eseal");
    strcpy(o.device, "0042");
    o.has = BULLA_HAS_PERCENT;
    o.percent = 80;
    bulla_observation_add_event(&o, BULLA_EVENT_COVER_OPENED);
    if (bulla_observation_is(&o, BULLA_EVENT_COVER_OPENED) && bulla_observation_knows(&o, BULLA_HAS_PERCENT))
        printf("%s:%s cover opened, battery %u %%\n", o.protocol, o.device, o.percent);
    return 0;
}
