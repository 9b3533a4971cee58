/* SPDX-License-Identifier: Apache-2.0 */
/* The description of the interface, as it stands in docs/, inside the program. */
    .section .rodata
    .global out_openapi
    .global out_openapi_end
out_openapi:
    .incbin "docs/api/openapi.yaml"
out_openapi_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
