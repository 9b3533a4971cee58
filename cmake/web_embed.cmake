# cmake -DDIST=build/web/dist -DMADE=build/web -P web_embed.cmake: writes assets.S (the bytes of each file, and of
# its .br and .gz) and assets.c (the table out_assets of platform/out/web.h).
file(GLOB_RECURSE files RELATIVE ${DIST} ${DIST}/*)
list(FILTER files EXCLUDE REGEX "\\.(br|gz|map)$")
list(SORT files)

set(bytes "    .section .rodata\n")
set(names "")
set(table "")
set(n 0)

function(embed path symbol)
    string(APPEND bytes "    .global ${symbol}\n    .global ${symbol}_end\n    .balign 16\n${symbol}:\n    .incbin \"${path}\"\n${symbol}_end:\n    .byte 0\n")
    string(APPEND names "extern const uint8_t ${symbol}[], ${symbol}_end[];\n")
    set(bytes "${bytes}" PARENT_SCOPE)
    set(names "${names}" PARENT_SCOPE)
endfunction()

foreach(file ${files})
    embed(${DIST}/${file} web_${n})
    set(row "    {.path = \"/${file}\", .at = web_${n}, .end = web_${n}_end")
    foreach(coding br gz)
        if(EXISTS ${DIST}/${file}.${coding})
            embed(${DIST}/${file}.${coding} web_${n}_${coding})
            string(APPEND row ", .${coding} = web_${n}_${coding}, .${coding}_end = web_${n}_${coding}_end")
        endif()
    endforeach()
    string(APPEND table "${row}},\n")
    math(EXPR n "${n} + 1")
endforeach()

string(APPEND bytes "    .section .note.GNU-stack, \"\", %progbits\n")
file(WRITE ${MADE}/assets.S "${bytes}")
file(WRITE ${MADE}/assets.c "/* Made by cmake/web_embed.cmake. */
#include \"platform/out/web.h\"

${names}
extern const struct out_asset out_assets[];
const struct out_asset out_assets[] = {
${table}    {.path = NULL},
};
")
