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
    set_source_files_properties(${folder}/keyed_gate.c PROPERTIES COMPILE_OPTIONS "-O3;-ffast-math")
    bulla_library(modem reader/modem USES bulla_core)
    if(TARGET modem)
        target_compile_options(modem PRIVATE -O3 -fno-math-errno -fno-trapping-math)
    endif()
endfunction()

# Where samples come from and go to. SoapySDR is loaded when it is asked for.
function(bulla_sources_of_samples)
    bulla_library(source reader/source USES modem bulla_core PACKAGES jansson)
    if(TARGET source)
        target_link_libraries(source PUBLIC ${CMAKE_DL_LIBS})
    endif()
endfunction()

# What recordings look like: pictures by cairo.
function(bulla_pictures)
    bulla_library(picture reader/picture USES bulla_core PACKAGES cairo fontconfig)
endfunction()
