/* SPDX-License-Identifier: Apache-2.0
 *
 * mps2-an385: a Cortex-M3 on an FPGA board of Arm, as qemu plays it. Registers as Arm's application note AN385 and the
 * technical reference of the Cortex-M System Design Kit have them; not tried on the board itself.
 */
#ifndef MPS2_MPS2_H
#define MPS2_MPS2_H

#include <stdint.h>

#define MPS2_HZ 25000000

/* Interrupts of its own, behind the sixteen of the core. */
enum mps2_irq { MPS2_IRQ_LINK, MPS2_IRQ_BENCH = 2, MPS2_IRQS };

struct mps2_uart {
    volatile uint32_t data, state, control, interrupt, baud_divisor;
};
#define MPS2_UART(n) ((struct mps2_uart *)(UINT32_C(0x40004000) + (n)*UINT32_C(0x1000)))

struct mps2_fpga {
    volatile uint32_t led, spare, button, spare2, count_1hz, count_100hz, counter, prescale;
};
#define MPS2_FPGA ((struct mps2_fpga *)UINT32_C(0x40028000))

struct mps2_systick {
    volatile uint32_t control, reload, value;
};
#define MPS2_SYSTICK ((struct mps2_systick *)UINT32_C(0xE000E010))

#define MPS2_NVIC_ENABLE (*(volatile uint32_t *)UINT32_C(0xE000E100))
#define MPS2_RESET       (*(volatile uint32_t *)UINT32_C(0xE000ED0C))
#define MPS2_RESET_NOW   UINT32_C(0x05FA0004)

/* The memory that stays when power goes: qemu has it in a file. */
#define MPS2_CHIP ((volatile uint8_t *)UINT32_C(0x21000000))

void mps2_on_link(void);
void mps2_on_bench(void);
void mps2_on_tick(void);

#endif
