#include "libs/rpc/request_cost.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <map>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace lmsmail::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// Bytes on an arena, with what growth leaves unused.
constexpr std::size_t kScalar = 16;     // of a repeated field; the others are part of their message
constexpr std::size_t kPointer = 24;    // of a repeated field to its element
constexpr std::size_t kString = 56;     // without its text
constexpr std::size_t kMapEntry = 160;  // a node, and the entry that the parser makes on the way
constexpr std::size_t kUnknown = 40;    // a field that the type does not have
constexpr int kMaxDepth = 100;          // the parser's own limit

struct Type {
  struct Field {
    enum Kind { kUnknownField, kScalarField, kPackedField, kStringField, kMessageField };
    Kind kind = kUnknownField;
    const Type* type = nullptr;  // of a message
  };
  std::size_t bytes = 0;      // of an empty message with its pointer
  std::vector<Field> fields;  // by number, as far as kMaxFieldNumber
};
constexpr int kMaxFieldNumber = 1000;

// The types of all requests and of what they hold. Thread-safe.
class Types {
 public:
  const Type& Of(const Message& message) {
    absl::MutexLock lock(&mutex_);
    return *Add(*message.GetDescriptor());
  }

 private:
  const Type* Add(const Descriptor& descriptor) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::unique_ptr<Type>& known = types_[&descriptor];
    if (known != nullptr) return known.get();
    known = std::make_unique<Type>();
    Type* const type = known.get();  // before types that contain themselves ask for it
    type->bytes = Bytes(descriptor);
    for (int i = 0; i < descriptor.field_count(); ++i) {
      const FieldDescriptor& field = *descriptor.field(i);
      const auto number = static_cast<std::size_t>(field.number());
      if (number > kMaxFieldNumber) continue;
      if (type->fields.size() <= number) type->fields.resize(number + 1);
      type->fields[number] = {
          .kind = KindOf(field),
          .type = field.message_type() == nullptr ? nullptr : Add(*field.message_type())};
    }
    return type;
  }

  static std::size_t Bytes(const Descriptor& descriptor) {
    if (descriptor.options().map_entry()) return kMapEntry;
    const Message* const prototype =
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(&descriptor);
    return kPointer + (prototype == nullptr ? kMapEntry : prototype->SpaceUsedLong());
  }

  static Type::Field::Kind KindOf(const FieldDescriptor& field) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Type::Field::kMessageField;
      case FieldDescriptor::CPPTYPE_STRING:
        return Type::Field::kStringField;
      default:
        return field.is_repeated() ? Type::Field::kPackedField : Type::Field::kScalarField;
    }
  }

  absl::Mutex mutex_;
  std::map<const Descriptor*, std::unique_ptr<Type>> types_ ABSL_GUARDED_BY(mutex_);
};

class Scan {
 public:
  explicit Scan(CodedInputStream& in) : in_(in) {}

  std::size_t bytes() const { return bytes_; }

  // Adds the fields up to the current limit. False when the bytes are no message.
  bool Fields(const Type& type, int depth) {
    bytes_ += type.bytes;
    while (const std::uint32_t tag = in_.ReadTag()) {
      const auto number = static_cast<std::size_t>(WireFormatLite::GetTagFieldNumber(tag));
      const Type::Field field = number < type.fields.size() ? type.fields[number] : Type::Field();
      if (WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
        if (!Delimited(field, depth)) return false;
      } else {
        if (field.kind == Type::Field::kPackedField) bytes_ += kScalar;
        if (field.kind == Type::Field::kUnknownField) bytes_ += kUnknown;
        if (!WireFormatLite::SkipField(&in_, tag)) return false;
      }
    }
    return true;
  }

 private:
  bool Delimited(const Type::Field& field, int depth) {
    std::uint32_t size = 0;
    if (!in_.ReadVarint32(&size)) return false;
    if (field.kind != Type::Field::kMessageField) {
      if (!in_.Skip(static_cast<int>(size))) return false;
      bytes_ += size;
      if (field.kind == Type::Field::kPackedField) bytes_ += std::size_t{size} * kScalar;
      if (field.kind == Type::Field::kStringField) bytes_ += kString;
      if (field.kind == Type::Field::kUnknownField) bytes_ += kString + kUnknown;
      return true;
    }
    if (depth == kMaxDepth) return false;
    const CodedInputStream::Limit limit = in_.PushLimit(static_cast<int>(size));
    const bool valid = Fields(*field.type, depth + 1);
    in_.PopLimit(limit);
    return valid;
  }

  CodedInputStream& in_;
  std::size_t bytes_ = 0;
};

}  // namespace

std::size_t ParsedBytes(google::protobuf::io::ZeroCopyInputStream& wire, const Message& message) {
  // Never destroyed, because threads of gRPC may use it while the process exits.
  static auto& types = *std::make_unique<Types>().release();
  CodedInputStream in(&wire);
  Scan scan(in);
  scan.Fields(types.Of(message), 0);
  return scan.bytes();
}

}  // namespace lmsmail::rpc
