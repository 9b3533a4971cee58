/* SPDX-License-Identifier: Apache-2.0
 *
 * From reset to main. The stack lies at the beginning of the memory (mps2.ld): below it there is none, so one that overflows faults
 * and does not write over anything.
 */
#include "firmware/board.h"
#include "firmware/mps2/mps2.h"

#define PAINT UINT32_C(0x5EA15EA1)

int main(void);
void mps2_on_reset(void);

extern uint32_t ld_stack[], ld_stack_end[], ld_data[], ld_data_end[], ld_bss[], ld_bss_end[];
extern const uint32_t ld_data_from[];

__attribute__((used)) static void tell_fault(void)
{
    static const uint8_t said[] = "fault\n";
    board_put(BOARD_BENCH, (struct bulla_bytes){said, sizeof said - 1});
    board_reset();
}

/* On a fresh stack: the old one may be what is wrong. */
__attribute__((naked)) static void on_fault(void)
{
    __asm__ volatile("msr msp, %0\n\tb %1" : : "r"(ld_stack_end), "i"(tell_fault));
}

struct vectors {
    uint32_t *stack;
    void (*core[15])(void);
    void (*own[MPS2_IRQS])(void);
};

__attribute__((section(".vectors"), used)) static const struct vectors vectors = {
    .stack = ld_stack_end,
    .core = {mps2_on_reset, on_fault, on_fault, on_fault, on_fault, on_fault, on_fault, on_fault, on_fault, on_fault, on_fault, on_fault,
             on_fault, on_fault, mps2_on_tick},
    .own = {[MPS2_IRQ_LINK] = mps2_on_link, [MPS2_IRQ_LINK + 1] = on_fault, [MPS2_IRQ_BENCH] = mps2_on_bench},
};

/* Runs on the stack that it paints, so it stops below its own frame, and loops may not become calls. */
__attribute__((noreturn, optimize("no-tree-loop-distribute-patterns"))) void mps2_on_reset(void)
{
    uint32_t *here = __builtin_frame_address(0);
    for (uint32_t *at = ld_stack; at < here - 16; at++)
        *at = PAINT;
    for (uint32_t *at = ld_bss; at < ld_bss_end; at++)
        *at = 0;
    for (uint32_t i = 0; ld_data + i < ld_data_end; i++)
        ld_data[i] = ld_data_from[i];
    main();
    board_reset();
}

uint32_t board_stack_size(void)
{
    return (uint32_t)(ld_stack_end - ld_stack) * sizeof *ld_stack;
}

uint32_t board_stack_used(void)
{
    const uint32_t *at = ld_stack;
    while (at < ld_stack_end && *at == PAINT)
        at++;
    return (uint32_t)(ld_stack_end - at) * sizeof *ld_stack;
}

void board_reset(void)
{
    MPS2_RESET = MPS2_RESET_NOW;
    for (;;)
        __asm__ volatile("" ::: "memory");
}
