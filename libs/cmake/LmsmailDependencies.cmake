# Finds every external package. The README's dependency table says what each is for; deploy/packages
# lists the Debian packages.

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Protobuf REQUIRED)  # before gRPC, whose config expects its targets
find_package(gRPC CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(yaml-cpp CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(GTest CONFIG REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(CURL REQUIRED)
find_package(ICU REQUIRED COMPONENTS i18n uc)
find_package(LibXml2 REQUIRED)
find_package(ICU REQUIRED COMPONENTS i18n uc)
find_package(PkgConfig REQUIRED)
pkg_check_modules(PQXX REQUIRED IMPORTED_TARGET libpqxx)
pkg_check_modules(GMIME REQUIRED IMPORTED_TARGET gmime-3.0)
pkg_check_modules(IDN2 REQUIRED IMPORTED_TARGET libidn2)
pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc)

find_path(KAINJOW_INCLUDE_DIR kainjow/mustache.hpp REQUIRED)
add_library(kainjow_mustache INTERFACE)
target_include_directories(kainjow_mustache SYSTEM INTERFACE ${KAINJOW_INCLUDE_DIR})

# google/rpc/{status,error_details,code}.proto, which Debian has only in this Go package.
find_path(GOOGLEAPIS_PROTO_DIR google/rpc/error_details.proto REQUIRED
          PATHS /usr/share/gocode/src/github.com/gogo/googleapis NO_DEFAULT_PATH)

# grpc/health/v1/health.proto, because gRPC's health service has no descriptor for reflection.
find_path(GRPC_PROTO_DIR grpc/health/v1/health.proto REQUIRED
          PATHS /usr/share/grpc-proto NO_DEFAULT_PATH)
