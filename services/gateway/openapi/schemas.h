#pragma once

#include <google/protobuf/descriptor.h>
#include <nlohmann/json.hpp>

#include <map>
#include <set>
#include <string>

namespace lmsmail::gateway {

// JSON Schemas (draft 2020-12, as OpenAPI 3.1 has it) of messages in the proto3 JSON mapping.
//
// What a comment calls "Required." is required by the schema of a message that no response has.
// Others are the same type in a request and in its answer, which may lack the field: an update with
// a mask gives a part of a resource, and answers leave out empty values.
class Schemas {
 public:
  // A reference to the schema of the message, or the schema itself for a well-known type.
  nlohmann::ordered_json Of(const google::protobuf::Descriptor& type);

  // Adds a message that is a response, before any Of().
  void AddResponse(const google::protobuf::Descriptor& type);

  // The schemas that were referenced, by full name.
  nlohmann::ordered_json TakeAll();

 private:
  nlohmann::ordered_json OfField(const google::protobuf::FieldDescriptor& field);
  nlohmann::ordered_json OfSingle(const google::protobuf::FieldDescriptor& field);
  nlohmann::ordered_json OfMessage(const google::protobuf::Descriptor& type);
  nlohmann::ordered_json OfEnum(const google::protobuf::EnumDescriptor& type) const;

  std::set<const google::protobuf::Descriptor*> in_responses_;
  // By full name, so that the document does not depend on the order of methods.
  std::map<std::string, nlohmann::ordered_json> all_;
};

}  // namespace lmsmail::gateway
