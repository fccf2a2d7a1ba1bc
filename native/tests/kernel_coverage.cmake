# Fails when a kernel of `library` is in none of the lists that the simulator wrote at the end of the `tests` (lists/TEST.txt).
# Without a list of every test, newer than the library, there is nothing to say.
cmake_minimum_required(VERSION 3.20)

set(ran)
foreach(test IN LISTS tests)
    set(list ${lists}/${test}.txt)
    if(NOT EXISTS ${list} OR ${library} IS_NEWER_THAN ${list})
        message(STATUS "not all tests have run: ${test} has not, since the library was built")
        return()
    endif()
    file(STRINGS ${list} names)
    list(APPEND ran ${names})
endforeach()

execute_process(COMMAND ${nm} -C ${library} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE ";" "," symbols "${symbols}")
string(REGEX REPLACE "[][]" "|" symbols "${symbols}") # of clones; brackets would hold list elements together
string(REPLACE "\n" ";" symbols "${symbols}")

set(kernels 0)
set(missing)
foreach(symbol IN LISTS symbols)
    if(symbol MATCHES "lambda") # what stands inside of a kernel
        continue()
    endif()
    if(symbol MATCHES "^[0-9a-f]+ [tTwW] ([^|]*_kernel(<[^|]*>)?\\([^|]*\\))$") # code, with template arguments and parameters
        set(name "${CMAKE_MATCH_1}")
        math(EXPR kernels "${kernels} + 1")
        if(NOT name IN_LIST ran)
            string(APPEND missing "\n  ${name}")
        endif()
    endif()
endforeach()

if(kernels EQUAL 0)
    message(FATAL_ERROR "no kernels were found in ${library}")
elseif(missing)
    message(NOTICE "Run by no test:${missing}")
    message(FATAL_ERROR "Some of ${kernels} kernels were run by no test.")
endif()
message(STATUS "all ${kernels} kernels were run")
