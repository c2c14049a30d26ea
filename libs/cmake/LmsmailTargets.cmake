# The functions that define all targets of this tree.
#
#   lmsmail_library(NAME SRCS a.cc ... [DEPS public libs ...] [PRIVATE_DEPS libs ...] [PCH grpc|pqxx])
#   lmsmail_binary(NAME SRCS main.cc DEPS ... [PCH grpc|pqxx])
#   lmsmail_test(NAME SRCS a_test.cc ... DEPS ... [LABEL unit|integration] [TIMEOUT s] [PCH grpc|pqxx])
#   lmsmail_fuzz_target(NAME SRCS a_fuzz.cc DEPS ...)
#   lmsmail_proto_library(NAME PROTO path/below/root.proto ... [ROOT dir] [DEPS proto libs ...] [GRPC])
#   lmsmail_embed_sql(NAME SYMBOL kTemplateSchema [DIR dir])
#
# Include paths start at the repository's root: #include "libs/clock/clock.h".

function(_lmsmail_precompile target kind)
  if(kind)
    target_precompile_headers(${target} REUSE_FROM lmsmail_pch_${kind})
  endif()
endfunction()

# `generated` writes all generated sources and compiles nothing, for tools that only parse.
add_custom_target(generated)
function(_lmsmail_generated name)
  add_custom_target(${name}_generated DEPENDS ${ARGN})
  add_dependencies(generated ${name}_generated)
endfunction()

function(lmsmail_library name)
  cmake_parse_arguments(ARG "" "PCH" "SRCS;DEPS;PRIVATE_DEPS" ${ARGN})
  if(ARG_SRCS)
    add_library(${name} STATIC ${ARG_SRCS})
    target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
    _lmsmail_precompile(${name} "${ARG_PCH}")
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} INTERFACE ${ARG_DEPS})
  endif()
endfunction()

function(lmsmail_binary name)
  cmake_parse_arguments(ARG "" "PCH" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SRCS})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  _lmsmail_precompile(${name} "${ARG_PCH}")
  _lmsmail_instrument(${name})
endfunction()

# Links what the sanitizers need into every program.
function(_lmsmail_instrument target)
  if(LMSMAIL_SANITIZE MATCHES thread)
    target_link_libraries(${target} PRIVATE lmsmail_tsan_annotations)
  endif()
endfunction()

# One test program is one test of ctest, which keeps runs quick and output together.
function(lmsmail_test name)
  cmake_parse_arguments(ARG "" "PCH;LABEL;TIMEOUT" "SRCS;DEPS" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  add_executable(${name} ${ARG_SRCS})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} lmsmail_testing GTest::gmock_main)
  _lmsmail_precompile(${name} "${ARG_PCH}")
  _lmsmail_instrument(${name})
  add_test(NAME ${name} COMMAND ${name})
  math(EXPR timeout "${ARG_TIMEOUT} * ${LMSMAIL_TEST_TIMEOUT_FACTOR}")
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${timeout})
  if(LMSMAIL_SANITIZE)
    set_tests_properties(${name} PROPERTIES FIXTURES_REQUIRED sanitizer_reports)
  endif()
endfunction()

# A program of libFuzzer, in the preset `fuzz` only. .ci/fuzz runs it.
function(lmsmail_fuzz_target name)
  if(LMSMAIL_SANITIZE MATCHES fuzzer)
    lmsmail_binary(${name} ${ARGN})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  endif()
endfunction()

function(lmsmail_proto_library name)
  cmake_parse_arguments(ARG "GRPC" "ROOT" "PROTO;DEPS" ${ARGN})
  if(NOT ARG_ROOT)
    set(ARG_ROOT ${PROJECT_SOURCE_DIR}/proto)
  endif()
  set(out ${CMAKE_BINARY_DIR}/proto)
  file(MAKE_DIRECTORY ${out})
  set(all_generated)
  foreach(proto IN LISTS ARG_PROTO)
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    set(generated ${out}/${stem}.pb.cc ${out}/${stem}.pb.h)
    set(plugin)
    if(ARG_GRPC)
      list(APPEND generated ${out}/${stem}.grpc.pb.cc ${out}/${stem}.grpc.pb.h)
      set(plugin --grpc_out=${out} --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>)
    endif()
    add_custom_command(
      OUTPUT ${generated}
      COMMAND protobuf::protoc -I ${ARG_ROOT} -I ${PROJECT_SOURCE_DIR}/proto -I ${GOOGLEAPIS_PROTO_DIR}
              --cpp_out=${out} ${plugin} ${ARG_ROOT}/${proto}
      DEPENDS ${ARG_ROOT}/${proto}
      COMMENT "protoc ${proto}" VERBATIM)
    list(APPEND all_generated ${generated})
  endforeach()
  _lmsmail_generated(${name} ${all_generated})
  add_library(${name} STATIC ${all_generated})
  target_include_directories(${name} SYSTEM PUBLIC ${out})
  target_compile_options(${name} PRIVATE -w)
  target_link_libraries(${name} PUBLIC protobuf::libprotobuf ${ARG_DEPS})
  if(ARG_GRPC)
    target_link_libraries(${name} PUBLIC gRPC::grpc++)
  endif()
endfunction()

# Makes a library whose header "<NAME>.h" (in the build folder, included as "embedded/<NAME>.h") holds
# the .sql files of migrations/ and, if there are any, functions/ as a postgres::SchemaDefinition. The
# two are in the calling folder or in DIR. SERVICE adds the tables that every service has,
# such as its audit log, and their functions.
function(lmsmail_embed_sql name)
  cmake_parse_arguments(ARG "SERVICE" "DIR;SYMBOL" "" ${ARGN})
  if(NOT ARG_DIR)
    set(ARG_DIR .)
  endif()
  cmake_path(ABSOLUTE_PATH ARG_DIR NORMALIZE)
  file(GLOB migrations CONFIGURE_DEPENDS ${ARG_DIR}/migrations/*.sql)
  file(GLOB functions CONFIGURE_DEPENDS ${ARG_DIR}/functions/*.sql)
  if(ARG_SERVICE)
    file(GLOB shared CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/libs/audit/migrations/*.sql
         ${PROJECT_SOURCE_DIR}/libs/service/migrations/*.sql)
    list(APPEND migrations ${shared})
    file(GLOB shared CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/libs/service/functions/*.sql)
    list(APPEND functions ${shared})
    list(SORT functions COMPARE FILE_BASENAME)
  endif()
  set(header ${CMAKE_BINARY_DIR}/embedded/${name}.h)
  add_custom_command(
    OUTPUT ${header}
    COMMAND ${CMAKE_COMMAND} -DOUT=${header} -DSYMBOL=${ARG_SYMBOL} "-DMIGRATIONS=${migrations}"
            "-DFUNCTIONS=${functions}" -P ${PROJECT_SOURCE_DIR}/libs/cmake/EmbedSql.cmake
    DEPENDS ${migrations} ${functions} ${PROJECT_SOURCE_DIR}/libs/cmake/EmbedSql.cmake VERBATIM)
  _lmsmail_generated(${name} ${header})
  add_library(${name} INTERFACE)
  add_dependencies(${name} ${name}_generated)
  target_include_directories(${name} INTERFACE ${CMAKE_BINARY_DIR})
  target_link_libraries(${name} INTERFACE lmsmail_postgres)
endfunction()
