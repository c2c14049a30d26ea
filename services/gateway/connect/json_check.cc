#include "services/gateway/connect/json_check.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"

#include "libs/status/error_details.h"
#include "libs/strings/utf8.h"
#include "services/gateway/connect/json_kind.h"

namespace lmsmail::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using nlohmann::json;

constexpr std::size_t kMaxViolations = 20;
constexpr std::size_t kMaxNameShown = 100;  // octets

std::string ListOf(const Descriptor& type) {
  if (type.field_count() == 0) return "which has none";
  std::string names;
  for (int i = 0; i < type.field_count(); ++i) {
    names += fmt::format("{}{}", i == 0 ? "" : ", ", type.field(i)->json_name());
  }
  return fmt::format("which has {}", names);
}

const FieldDescriptor* FindField(const Descriptor& type, std::string_view name) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.json_name() == name || field.name() == name) return &field;
  }
  return nullptr;
}

// An open object or array.
struct Frame {
  enum Content {
    kFields,    // the members are fields of `type`
    kElements,  // the members or elements are single values of `field`
    kAnything,
  };
  Content content = kAnything;
  const Descriptor* type = nullptr;
  const FieldDescriptor* field = nullptr;  // of kFields: by the name that was read last, or null
  bool array = false;
  std::string name = {};                        // of an object: the one that was read last
  int index = -1;                               // of an array: of the last element
  std::vector<bool> fields = {};                // of kFields: which were read
  std::vector<bool> oneofs = {};                // the same
  absl::flat_hash_set<std::string> names = {};  // of other objects: those that were read
};

class Checker final : public nlohmann::json_sax<json> {
 public:
  explicit Checker(const Descriptor& type) : type_(type) {}

  absl::Status status() const { return fatal_.ok() ? violations_.ToStatus() : fatal_; }

  bool null() override { return Value(JsonKind::kNull); }
  bool boolean(bool) override { return Value(JsonKind::kBoolean); }
  bool number_integer(number_integer_t) override { return Value(JsonKind::kInteger); }
  bool number_unsigned(number_unsigned_t) override { return Value(JsonKind::kInteger); }
  bool number_float(number_float_t, const string_t&) override { return Value(JsonKind::kFraction); }
  bool string(string_t& text) override { return Value(JsonKind::kString, text); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return Value(JsonKind::kObject); }
  bool start_array(std::size_t) override { return Value(JsonKind::kArray); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }

  bool key(string_t& name) override {
    Frame& frame = stack_.back();
    frame.name = TruncateUtf8(name, kMaxNameShown);
    return frame.content == Frame::kFields ? FieldName(frame, name) : OtherName(frame, name);
  }

  bool parse_error(std::size_t, const std::string&, const json::exception& error) override {
    // Without "[json.exception...] " and the input that was read last, which may be anything.
    std::string_view what = error.what();
    what.remove_prefix(std::min(what.find("] ") + 2, what.size()));
    return Fail(
        fmt::format("the request is no JSON: {}", what.substr(0, what.find("; last read"))));
  }

 private:
  bool FieldName(Frame& frame, std::string_view name) {
    frame.field = FindField(*frame.type, name);
    if (frame.field == nullptr) {
      return Violate(fmt::format("is no field of {}, {}", frame.type->name(), ListOf(*frame.type)));
    }
    const auto index = static_cast<std::size_t>(frame.field->index());
    if (frame.fields[index]) return Violate("is given twice");
    frame.fields[index] = true;
    return true;
  }

  bool OtherName(Frame& frame, std::string_view name) {
    if (!frame.names.insert(std::string(name)).second) return Violate("is given twice");
    if (++members_ <= kMaxJsonMembers) return true;
    return Fail(fmt::format("the request has objects of more than {} members", kMaxJsonMembers));
  }

  // A scalar, or the start of an object or array.
  bool Value(JsonKind kind, std::string_view text = {}) {
    if (++values_ > kMaxJsonValues) {
      return Fail(fmt::format("the request has more than {} values: divide it", kMaxJsonValues));
    }
    if (stack_.empty()) {
      if (kind != JsonKind::kObject) return Fail("the request must be a JSON object");
      return Open({.content = Frame::kFields, .type = &type_});
    }
    Frame& frame = stack_.back();
    if (frame.array) ++frame.index;
    const bool opens = kind == JsonKind::kObject || kind == JsonKind::kArray;
    Frame inner{.array = kind == JsonKind::kArray};
    if (frame.content != Frame::kAnything && frame.field != nullptr &&
        !Check(frame, kind, text, inner)) {
      return false;
    }
    return !opens || Open(std::move(inner));
  }

  // A value of frame.field, and what may be in it. False if too much is wrong to go on.
  bool Check(const Frame& frame, JsonKind kind, std::string_view text, Frame& inner) {
    const FieldDescriptor& field = *frame.field;
    const bool whole = frame.content == Frame::kFields;
    if (whole && kind == JsonKind::kNull && !IsValue(field)) return true;  // as if it were absent
    if (whole && !ClaimOneof(field)) {
      return Violate(fmt::format("excludes the other fields of {}: give one of them",
                                 field.containing_oneof()->name()));
    }
    if (whole && field.is_repeated()) {
      const JsonKind expected = field.is_map() ? JsonKind::kObject : JsonKind::kArray;
      if (kind != expected) {
        return Violate(field.is_map() ? "must be an object" : "must be an array");
      }
      inner.content = Frame::kElements;
      inner.field = field.is_map() ? field.message_type()->map_value() : &field;
      return true;
    }
    if (!Accepts(field, kind) || !IsKnown(field, text)) {
      return Violate(fmt::format("must be {}", Expectation(field)));
    }
    if (kind == JsonKind::kObject && FormOf(*field.message_type()) == MessageForm::kFields) {
      inner.content = Frame::kFields;
      inner.type = field.message_type();
    }
    return true;
  }

  // False if another field of its oneof was read.
  bool ClaimOneof(const FieldDescriptor& field) {
    if (field.real_containing_oneof() == nullptr) return true;
    auto& oneofs = stack_.back().oneofs;
    const auto index = static_cast<std::size_t>(field.containing_oneof()->index());
    if (oneofs[index]) return false;
    oneofs[index] = true;
    return true;
  }

  static bool IsValue(const FieldDescriptor& field) {
    return field.message_type() != nullptr && FormOf(*field.message_type()) == MessageForm::kValue;
  }

  static bool IsKnown(const FieldDescriptor& field, std::string_view name) {
    return name.empty() || field.enum_type() == nullptr ||
           field.enum_type()->FindValueByName(std::string(name)) != nullptr;
  }

  bool Open(Frame frame) {
    if (stack_.size() == kMaxJsonDepth) {
      return Fail(fmt::format("the request is nested more than {} levels deep", kMaxJsonDepth));
    }
    if (frame.content == Frame::kFields) {
      frame.fields.resize(static_cast<std::size_t>(frame.type->field_count()));
      frame.oneofs.resize(static_cast<std::size_t>(frame.type->oneof_decl_count()));
    }
    stack_.push_back(std::move(frame));
    return true;
  }

  bool Close() {
    members_ -= static_cast<int>(stack_.back().names.size());
    stack_.pop_back();
    return true;
  }

  // Where the value or name that was read last is.
  std::string Path() const {
    std::string path;
    for (const Frame& frame : stack_) {
      if (frame.array) {
        path += fmt::format("[{}]", frame.index);
      } else {
        const bool known = frame.content == Frame::kFields && frame.field != nullptr;
        path +=
            fmt::format("{}{}", path.empty() ? "" : ".", known ? frame.field->name() : frame.name);
      }
    }
    return path;
  }

  // True to go on.
  bool Violate(std::string description) {
    violations_.Add(Path(), std::move(description));
    return violations_.list().size() < kMaxViolations;
  }
  bool Fail(std::string message) {
    fatal_ = absl::InvalidArgumentError(message);
    return false;
  }

  const Descriptor& type_;
  std::vector<Frame> stack_;
  int values_ = 0;
  int members_ = 0;  // names that are held
  Violations violations_;
  absl::Status fatal_;
};

}  // namespace

absl::Status CheckJson(std::string_view text, const Descriptor& type) {
  if (text.empty()) {
    return absl::InvalidArgumentError("the request is empty: send {} if no field is needed");
  }
  Checker checker(type);
  json::sax_parse(text, &checker);
  return checker.status();
}

}  // namespace lmsmail::gateway
