# Compiler and linker options. They are global because targets share precompiled headers, which GCC
# allows only for targets with the same code-generation flags.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
# -g1 keeps line numbers in backtraces at a fifth of the size and link time of -g2.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")

add_compile_options(-Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
                    -Woverloaded-virtual -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # std::stable_sort of GCC 12's library uses a function that it declares deprecated.
  add_compile_options(-Wno-deprecated-declarations)
endif()
# gRPC's targets add -pthread. All targets have it, since a precompiled header only fits targets with
# the same option.
add_compile_options(-fstack-protector-strong -pthread)

set(LMSMAIL_SANITIZE "" CACHE STRING "Sanitizers for the whole build, e.g. address,undefined")
set(LMSMAIL_TEST_TIMEOUT_FACTOR 1 CACHE STRING "Factor of every test's time limit")
if(LMSMAIL_SANITIZE)
  # Reports need line numbers only.
  set(CMAKE_CXX_FLAGS_DEBUG "-g1")
  add_compile_options(-fsanitize=${LMSMAIL_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${LMSMAIL_SANITIZE})
  if(LMSMAIL_SANITIZE MATCHES thread)
    # Debian's protobuf was built without the sanitizer, and its headers lay classes out differently
    # with it. Asio has fences, which the sanitizer does not follow and GCC warns about.
    add_compile_options(-U__SANITIZE_THREAD__ -Wno-error=tsan)
  endif()
endif()

find_program(LMSMAIL_MOLD mold)
if(LMSMAIL_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

find_program(LMSMAIL_CCACHE ccache)
if(LMSMAIL_CCACHE)
  # Precompiled headers need the two pch sloppinesses; the base directory lets build folders of one
  # checkout share results.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_MAXSIZE=8G ${LMSMAIL_CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)
  endif()
endif()
