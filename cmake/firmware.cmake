# The firmware of a seal (docs/firmware.md): the same libbulla, the board layer, and nothing else. Preset `cortex-m`.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)

file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/libbulla/src/*.c ${CMAKE_SOURCE_DIR}/firmware/*.c
     ${CMAKE_SOURCE_DIR}/firmware/mps2/*.c)
set(linker_script ${CMAKE_SOURCE_DIR}/firmware/mps2/mps2.ld)
execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=include OUTPUT_VARIABLE compiler_include OUTPUT_STRIP_TRAILING_WHITESPACE)

add_executable(firmware ${sources})
set_target_properties(firmware PROPERTIES SUFFIX .elf LINK_DEPENDS ${linker_script})
target_include_directories(firmware PRIVATE ${CMAKE_SOURCE_DIR}/libbulla/include ${CMAKE_SOURCE_DIR})
target_compile_definitions(firmware PRIVATE BULLA_BRIEF)
target_compile_options(firmware PRIVATE -Os -g -Wall -Wextra -Wconversion -Wshadow -Wno-missing-field-initializers -Werror
    -fno-strict-aliasing -ffreestanding -nostdinc -isystem ${compiler_include} -ffunction-sections -fdata-sections
    -flto)
# Of newlib only the four memory functions that a compiler may call, and of libgcc whole numbers (docs/firmware.md).
# All at once (-flto): words and rows that nothing here uses go. What each function takes of the stack is told for the whole, too.
target_link_options(firmware PRIVATE -Os -g -flto -flto-partition=one -fstack-usage -fcallgraph-info=su
    -nostartfiles --specs=nano.specs -T${linker_script} -Wl,--gc-sections
    -Wl,-Map=${CMAKE_BINARY_DIR}/firmware.map)
add_custom_command(TARGET firmware POST_BUILD COMMAND ${CMAKE_OBJCOPY} -O binary $<TARGET_FILE:firmware> ${CMAKE_BINARY_DIR}/firmware.bin)
