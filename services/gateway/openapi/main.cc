// lmsmail-openapi DESCRIPTORS VERSION SERVICE... prints the OpenAPI document of the services, whose
// files are in a FileDescriptorSet with source info (protoc --include_source_info). Fails, and with
// it the build, for a method whose proto does not say who may call it.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <vector>

#include "libs/identity/method_access.h"
#include "services/gateway/openapi/document.h"

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: lmsmail-openapi DESCRIPTORS VERSION SERVICE...\n", stderr);
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  google::protobuf::FileDescriptorSet files;
  if (!files.ParseFromIstream(&file)) {
    std::fprintf(stderr, "%s is no FileDescriptorSet\n", argv[1]);
    return 1;
  }
  google::protobuf::DescriptorPool pool;
  // Each file comes after those that it imports.
  for (const auto& each : files.file()) pool.BuildFile(each);
  std::vector<const google::protobuf::ServiceDescriptor*> services;
  for (int i = 3; i < argc; ++i) {
    services.push_back(pool.FindServiceByName(argv[i]));
    if (services.back() == nullptr) {
      std::fprintf(stderr, "%s has no service %s\n", argv[1], argv[i]);
      return 1;
    }
  }
  // Such a method would be refused to everybody.
  bool complete = true;
  for (const auto* const service : services) {
    for (int i = 0; i < service->method_count(); ++i) {
      if (!lmsmail::identity::MethodAccess::Of(*service->method(i)).roles.empty()) continue;
      std::fprintf(stderr, "%s has no option (lmsmail.type.v1.allow), which says who may call it\n",
                   service->method(i)->full_name().c_str());
      complete = false;
    }
  }
  if (!complete) return 1;
  std::cout << lmsmail::gateway::OpenApiDocument(services, argv[2]).dump() << '\n';
  return std::cout ? 0 : 1;
}
