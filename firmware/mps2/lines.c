/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines and time: two UARTs whose bytes come by interrupts, the FPGA's counter as crystal, SysTick to wake up.
 */
#include "firmware/board.h"
#include "firmware/mps2/mps2.h"

#define RING          512 /* a power of two: the longest frame, and what comes while flash is erased */
#define TX_FULL       1u
#define RX_FULL       2u
#define TX_RX_AND_INT 0xBu /* both enabled, interrupts of what came */
#define RX_INTERRUPT  2u
#define BAUD          115200
#define CRYSTAL_HZ    10000
#define TICK_HZ       1000
#define SYSTICK_ON    7u

const struct bulla_crystal board_crystal = {CRYSTAL_HZ, 25000, 35};

struct ring {
    volatile uint32_t in, out; /* bytes ever; the interrupt moves `in` alone */
    volatile uint8_t bytes[RING];
};

static struct ring rings[BOARD_LINES];

static void fill(enum board_line line)
{
    struct mps2_uart *uart = MPS2_UART(line);
    struct ring *ring = &rings[line];
    uart->interrupt = RX_INTERRUPT;
    while (uart->state & RX_FULL) {
        uint8_t byte = (uint8_t)uart->data;
        if (ring->in - ring->out < RING) { /* what is too much is lost; the frame's CRC will tell */
            ring->bytes[ring->in % RING] = byte;
            ring->in++;
        }
    }
}

void mps2_on_link(void)
{
    fill(BOARD_LINK);
}

void mps2_on_bench(void)
{
    fill(BOARD_BENCH);
}

void mps2_on_tick(void)
{
}

void board_init(void)
{
    for (unsigned i = 0; i < BOARD_LINES; i++) {
        MPS2_UART(i)->baud_divisor = MPS2_HZ / BAUD;
        MPS2_UART(i)->control = TX_RX_AND_INT;
    }
    MPS2_NVIC_ENABLE = 1u << MPS2_IRQ_LINK | 1u << MPS2_IRQ_BENCH;
    MPS2_FPGA->prescale = MPS2_HZ / CRYSTAL_HZ - 1;
    MPS2_FPGA->counter = 0;
    MPS2_SYSTICK->reload = MPS2_HZ / TICK_HZ - 1;
    MPS2_SYSTICK->value = 0;
    MPS2_SYSTICK->control = SYSTICK_ON;
}

uint32_t board_now(void)
{
    return MPS2_FPGA->counter;
}

static bool nothing(void)
{
    return rings[BOARD_LINK].in == rings[BOARD_LINK].out && rings[BOARD_BENCH].in == rings[BOARD_BENCH].out;
}

/* With interrupts held back, so that none comes between the look and the sleep; one that waits ends the sleep all the same. */
void board_idle(void)
{
    __asm__ volatile("cpsid i" ::: "memory");
    if (nothing())
        __asm__ volatile("wfi" ::: "memory");
    __asm__ volatile("cpsie i" ::: "memory");
}

bool board_take(enum board_line line, uint8_t *byte)
{
    struct ring *ring = &rings[line];
    if (ring->in == ring->out)
        return false;
    *byte = ring->bytes[ring->out % RING];
    ring->out++;
    return true;
}

void board_put(enum board_line line, struct bulla_bytes bytes)
{
    struct mps2_uart *uart = MPS2_UART(line);
    for (size_t i = 0; i < bytes.len; i++) {
        while (uart->state & TX_FULL)
            ;
        uart->data = bytes.at[i];
    }
}
