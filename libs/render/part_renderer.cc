#include "libs/render/part_renderer.h"

#include <algorithm>
#include <charconv>

#include "libs/render/encode.h"
#include "libs/render/limits.h"

namespace lmsmail::render {
namespace {

constexpr std::size_t kMaxWritten = 100;  // more than a provider is told to replace

bool IsTrue(const Value& value) {
  switch (value.kind_case()) {
    case Value::kBoolValue:
      return value.bool_value();
    case Value::kNumberValue:
      return value.number_value() != 0;
    case Value::kStringValue:
      return !value.string_value().empty();
    case Value::kListValue:
      return value.list_value().values_size() > 0;
    case Value::kStructValue:
      return true;
    case Value::kNullValue:
    case Value::KIND_NOT_SET:
      return false;
  }
  return false;
}

bool IsWrittenForRecipient(VariableType type) {
  switch (type) {
    case VariableType::kString:
    case VariableType::kBoolean:
    case VariableType::kUrl:
    case VariableType::kObject:
    case VariableType::kChoice:
    case VariableType::kColor:
      return false;
    default:
      return true;
  }
}

std::size_t Index(const std::string& slot) {
  std::size_t index = 0;
  std::from_chars(slot.data(), slot.data() + slot.size(), index);
  return index;
}

}  // namespace

PartRenderer::PartRenderer(const CompiledPart& part, Scopes scopes, ValueWriter& writer,
                           std::size_t max_output_bytes, std::string& out,
                           std::vector<std::string>& written)
    : part_(part),
      scopes_(scopes),
      max_output_bytes_(max_output_bytes),
      writer_(writer),
      out_(out),
      written_(written) {}

bool PartRenderer::too_many_steps() const { return steps_ > kMaxSteps; }

void PartRenderer::push(const Data*) {
  OpenSection& section = open_sections_.back();
  const bool is_list = section.value->has_list_value();
  items_.push_back(is_list ? &section.value->list_value().values(section.next) : section.value);
  ++section.next;
}

void PartRenderer::pop() {
  items_.pop_back();
  const OpenSection& section = open_sections_.back();
  const int items = section.value->has_list_value() ? section.value->list_value().values_size() : 1;
  if (section.next == items) open_sections_.pop_back();
}

const PartRenderer::Data* PartRenderer::get(const std::string& name) const {
  ++steps_;
  if (too_many_steps() || output_too_large()) throw LimitPassed{};
  const Slot& slot = part_.slots.at(Index(name));
  switch (slot.use) {
    case Slot::Use::kSection:
      return Open(slot);
    case Slot::Use::kInverted:
      return IsOpen(slot, Resolve(slot)) ? &present_ : nullptr;
    case Slot::Use::kLiteral:
    case Slot::Use::kEscaped:
    case Slot::Use::kPlain:
      Print(slot);
      return nullptr;
  }
  return nullptr;
}

const Value* PartRenderer::Resolve(const Slot& slot) const {
  if (slot.path.empty()) return items_.empty() ? nullptr : items_.back();
  const Value* value = nullptr;
  for (auto item = items_.rbegin(); item != items_.rend() && value == nullptr; ++item) {
    if ((*item)->has_struct_value()) value = Find((*item)->struct_value(), slot.path.front());
  }
  if (value == nullptr) value = Find(scopes_, slot.path.front());
  for (std::size_t i = 1; i < slot.path.size() && value != nullptr; ++i) {
    value = value->has_struct_value() ? Find(value->struct_value(), slot.path[i]) : nullptr;
  }
  return value;
}

bool PartRenderer::IsOpen(const Slot& slot, const Value* value) const {
  if (value == nullptr) return false;
  if (slot.category.empty()) return IsTrue(*value);
  std::string_view category;
  if (value->has_number_value() && slot.type == VariableType::kNumber) {
    category = PluralName(writer_.PluralOf(value->number_value()));
  } else if (value->has_string_value() && slot.type == VariableType::kChoice) {
    category = value->string_value();
  } else {
    return false;
  }
  if (category == slot.category) return true;
  return slot.category == "other" &&
         std::ranges::find(slot.other_than, category) == slot.other_than.end();
}

bool PartRenderer::PrintTyped(const Slot& slot, const Value& value) const {
  if (slot.verbatim && slot.type != VariableType::kMoney) return false;
  std::string text;
  if (!writer_.Append(slot.type, value, text)) return false;
  if (slot.use == Slot::Use::kEscaped) {
    AppendHtmlEscaped(text, out_);
  } else {
    AppendPlain(text, out_);
  }
  // Numbers occur in other places too.
  const bool is_number = slot.type == VariableType::kNumber || slot.type == VariableType::kPercent;
  if (!is_number && written_.size() < kMaxWritten) written_.push_back(std::move(text));
  return true;
}

void PartRenderer::Print(const Slot& slot) const {
  if (slot.use == Slot::Use::kLiteral) {
    out_.append(slot.text);
    return;
  }
  const Value* value = Resolve(slot);
  if (value != nullptr && IsWrittenForRecipient(slot.type) && PrintTyped(slot, *value)) return;
  switch (value == nullptr ? Value::kNullValue : value->kind_case()) {
    case Value::kStringValue:
      if (slot.use == Slot::Use::kEscaped) {
        AppendHtmlEscaped(value->string_value(), out_);
      } else {
        AppendPlain(value->string_value(), out_);
      }
      break;
    case Value::kNumberValue:
      AppendNumber(value->number_value(), out_);
      break;
    case Value::kBoolValue:
      out_.append(value->bool_value() ? "true" : "false");
      break;
    case Value::kNullValue:
    case Value::KIND_NOT_SET:
      if (std::find(missing_.begin(), missing_.end(), slot.text) == missing_.end()) {
        missing_.push_back(slot.text);
      }
      break;
    case Value::kListValue:
    case Value::kStructValue:
      break;
  }
}

const PartRenderer::Data* PartRenderer::Open(const Slot& slot) const {
  const Value* value = Resolve(slot);
  if (!IsOpen(slot, value)) return nullptr;
  if (!value->has_list_value()) {
    open_sections_.push_back({value});
    return &present_;
  }
  const int size = value->list_value().values_size();
  steps_ += static_cast<std::size_t>(size);
  if (too_many_steps()) throw LimitPassed{};
  open_sections_.push_back({value});
  return &ListOf(size);
}

const PartRenderer::Data& PartRenderer::ListOf(int size) const {
  auto [it, is_new] = lists_.try_emplace(size);
  if (is_new) {
    it->second =
        Data(kainjow::mustache::list(static_cast<std::size_t>(size), Data(Data::type::bool_true)));
  }
  return it->second;
}

}  // namespace lmsmail::render
