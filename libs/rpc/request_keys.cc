#include "libs/rpc/request_keys.h"

#include <google/protobuf/descriptor.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "libs/unicode/key.h"
#include "lmsmail/type/v1/key.pb.h"

namespace lmsmail::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// The fields of a message type that are keys, or have messages with keys.
struct KeyFields {
  std::vector<const FieldDescriptor*> keys;
  std::vector<const FieldDescriptor*> messages;
};

bool IsKey(const FieldDescriptor& field) {
  return field.type() == FieldDescriptor::TYPE_STRING && !field.is_repeated() &&
         field.options().GetExtension(type::v1::key);
}

bool HasKeys(const Descriptor& type, std::set<const Descriptor*>& visited) {
  if (!visited.insert(&type).second || !type.full_name().starts_with("lmsmail.")) return false;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (IsKey(field)) return true;
    if (field.message_type() != nullptr && HasKeys(*field.message_type(), visited)) return true;
  }
  return false;
}

const KeyFields& KeyFieldsOf(const Descriptor& type) {
  thread_local std::map<const Descriptor*, std::unique_ptr<KeyFields>> known;
  std::unique_ptr<KeyFields>& fields = known[&type];
  if (fields != nullptr) return *fields;
  fields = std::make_unique<KeyFields>();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    std::set<const Descriptor*> visited;
    if (IsKey(*field)) {
      fields->keys.push_back(field);
    } else if (field->message_type() != nullptr && HasKeys(*field->message_type(), visited)) {
      fields->messages.push_back(field);
    }
  }
  return *fields;
}

}  // namespace

void NormalizeKeys(Message& request) {
  const KeyFields& fields = KeyFieldsOf(*request.GetDescriptor());
  const Reflection& reflection = *request.GetReflection();
  std::string scratch;
  for (const FieldDescriptor* key : fields.keys) {
    const std::string& value = reflection.GetStringReference(request, key, &scratch);
    if (!unicode::IsPlainKey(value)) {
      reflection.SetString(&request, key, unicode::NormalizeKey(value));
    }
  }
  for (const FieldDescriptor* field : fields.messages) {
    if (field->is_repeated()) {
      for (int i = 0; i < reflection.FieldSize(request, field); ++i) {
        NormalizeKeys(*reflection.MutableRepeatedMessage(&request, field, i));
      }
    } else if (reflection.HasField(request, field)) {
      NormalizeKeys(*reflection.MutableMessage(&request, field));
    }
  }
}

}  // namespace lmsmail::rpc
