# The kernels of reader/modem: sums in any order, so that they become vectors; one file for more than the baseline.

function(bulla_modem)
    set(folder ${CMAKE_SOURCE_DIR}/reader/modem)
    foreach(name plain sse2 avx2)
        set(options -O3 -ffast-math)
        if(name STREQUAL avx2 AND CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
            list(APPEND options -mavx2 -mfma)
        endif()
        set_source_files_properties(${folder}/kernel_${name}.c PROPERTIES COMPILE_OPTIONS "${options}")
    endforeach()
    bulla_library(modem reader/modem USES bulla_core)
endfunction()
