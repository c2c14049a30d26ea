#include "libs/render/declarations.h"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace lmsmail::render {
namespace {

bool HasFields(VariableType type) {
  return type == VariableType::kList || type == VariableType::kObject;
}

// Groups variables by the list or object that they are fields of; kTop stands for none.
class Nesting {
 public:
  explicit Nesting(std::vector<Variable> flat) : flat_(std::move(flat)) {
    std::map<std::string_view, std::size_t> parents;
    for (std::size_t i = 0; i < flat_.size(); ++i) {
      if (HasFields(flat_[i].type)) parents.emplace(flat_[i].name, i);
    }
    for (std::size_t i = 0; i < flat_.size(); ++i) {
      children_[ParentOf(flat_[i].name, parents)].push_back(i);
    }
  }

  std::vector<Variable> Below(std::size_t parent) const {
    std::vector<Variable> out;
    const auto found = children_.find(parent);
    if (found == children_.end()) return out;
    const std::size_t prefix = parent == kTop ? 0 : flat_[parent].name.size() + 1;
    for (const std::size_t i : found->second) {
      Variable& field = out.emplace_back(flat_[i]);
      field.name.erase(0, prefix);
      field.fields = Below(i);
    }
    return out;
  }

  static constexpr std::size_t kTop = std::string::npos;

 private:
  static std::size_t ParentOf(std::string_view name,
                              const std::map<std::string_view, std::size_t>& parents) {
    while (true) {
      const std::size_t dot = name.rfind('.');
      if (dot == std::string_view::npos) return kTop;
      name = name.substr(0, dot);
      if (const auto parent = parents.find(name); parent != parents.end()) return parent->second;
    }
  }

  const std::vector<Variable> flat_;
  std::map<std::size_t, std::vector<std::size_t>> children_;
};

void Flatten(const std::vector<Variable>& nested, const std::string& prefix,
             std::vector<Variable>& out) {
  for (const Variable& variable : nested) {
    Variable& flat = out.emplace_back(variable);
    flat.name = prefix + variable.name;
    flat.fields.clear();
    Flatten(variable.fields, prefix + variable.name + ".", out);
  }
}

}  // namespace

std::vector<Variable> NestFields(std::vector<Variable> flat) {
  return Nesting(std::move(flat)).Below(Nesting::kTop);
}

std::vector<Variable> FlattenFields(const std::vector<Variable>& nested) {
  std::vector<Variable> out;
  Flatten(nested, "", out);
  return out;
}

}  // namespace lmsmail::render
