# Finds cuDNN 8 or 9.
#
# Looked for in CUDNN_ROOT (a variable of CMake or of the environment), in the CUDA toolkit, in the system, and in the packages
# nvidia-cudnn-cu* of Python.
#
# Sets cuDNN_FOUND, cuDNN_VERSION ("9.1.0"), cuDNN_INCLUDE_DIR and, where the library is there too, cuDNN_LIBRARY.
# Makes   cuDNN::headers   for what loads the library at run time,
#         cuDNN::cuDNN     for what links to it, where the library is there.

# The folder of Python's package, "" where there is none.
function(compiled_python_cudnn result)
    set(${result} "" PARENT_SCOPE)
    foreach(name IN ITEMS python3 python)
        execute_process(
            COMMAND ${name} -c "import nvidia.cudnn; print(list(nvidia.cudnn.__path__)[0])"
            RESULT_VARIABLE status OUTPUT_VARIABLE folder ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
        if(status EQUAL 0)
            file(TO_CMAKE_PATH "${folder}" folder)
            set(${result} "${folder}" PARENT_SCOPE)
            return()
        endif()
    endforeach()
endfunction()

set(folders ${CUDNN_ROOT} $ENV{CUDNN_ROOT} ${CUDAToolkit_ROOT} ${CMAKE_CUDA_TOOLKIT_INCLUDE_DIRECTORIES} $ENV{CUDA_PATH}
    /usr/local/cuda /opt/cuda)
compiled_python_cudnn(python_folder)
list(APPEND folders ${python_folder})

find_path(cuDNN_INCLUDE_DIR cudnn_version.h HINTS ${CUDNN_ROOT} $ENV{CUDNN_ROOT} PATHS ${folders} PATH_SUFFIXES include)
# Python's package has no file without a version.
find_library(cuDNN_LIBRARY NAMES cudnn libcudnn.so.9 libcudnn.so.8 cudnn64_9 cudnn64_8
    HINTS ${CUDNN_ROOT} $ENV{CUDNN_ROOT} PATHS ${folders} PATH_SUFFIXES lib64 lib lib/x64)
mark_as_advanced(cuDNN_INCLUDE_DIR cuDNN_LIBRARY)

set(cuDNN_VERSION "")
if(cuDNN_INCLUDE_DIR)
    foreach(part IN ITEMS MAJOR MINOR PATCHLEVEL)
        file(STRINGS "${cuDNN_INCLUDE_DIR}/cudnn_version.h" line REGEX "^#define CUDNN_${part} +[0-9]+")
        string(REGEX MATCH "[0-9]+" number "${line}")
        list(APPEND cuDNN_VERSION "${number}")
    endforeach()
    list(JOIN cuDNN_VERSION "." cuDNN_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(cuDNN REQUIRED_VARS cuDNN_INCLUDE_DIR VERSION_VAR cuDNN_VERSION)

if(cuDNN_FOUND AND NOT TARGET cuDNN::headers)
    add_library(cuDNN::headers INTERFACE IMPORTED)
    set_target_properties(cuDNN::headers PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${cuDNN_INCLUDE_DIR}")
endif()
if(cuDNN_FOUND AND cuDNN_LIBRARY AND NOT TARGET cuDNN::cuDNN)
    add_library(cuDNN::cuDNN UNKNOWN IMPORTED)
    set_target_properties(cuDNN::cuDNN PROPERTIES
        IMPORTED_LOCATION "${cuDNN_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${cuDNN_INCLUDE_DIR}")
endif()
