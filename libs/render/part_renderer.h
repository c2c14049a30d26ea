#pragma once

#include <kainjow/mustache.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "libs/render/scopes.h"
#include "libs/render/template.h"
#include "libs/render/typed_value.h"

namespace lmsmail::render {

// Renders one compiled part, once, from protobuf values. kainjow walks the sections and calls get()
// for each slot. For a section, get() returns data; for a literal or a variable, it appends the
// text to the output itself and returns null. kainjow would copy every piece four times, which took
// as long as everything else.
//
// Names, truth, escaping and limits are therefore decided here:
//  - the first segment of a dotted name is looked up in the scopes, the other segments only inside
//  the
//    value found (the specification's "context precedence")
//  - absent, null, false, 0, "" and an empty list are false as a section
//  - values of declared types are written for the recipient
//  - objects and lists with fields print nothing; booleans print true and false
class PartRenderer final : public kainjow::mustache::basic_context<std::string> {
 public:
  // Appends to `out`, and what `writer` wrote to `written`. All references must outlive this
  // object.
  PartRenderer(const CompiledPart& part, Scopes scopes, ValueWriter& writer,
               std::size_t max_output_bytes, std::string& out, std::vector<std::string>& written);

  void push(const kainjow::mustache::data* data) override;
  void pop() override;
  const kainjow::mustache::data* get(const std::string& name) const override;
  const kainjow::mustache::data* get_partial(const std::string&) const override { return nullptr; }

  // Thrown by get() once a limit is passed: nothing else ends kainjow's walk early.
  struct LimitPassed {};
  bool output_too_large() const { return out_.size() > max_output_bytes_; }
  bool too_many_steps() const;
  // Names of variables to print that were absent or null, each once.
  const std::vector<std::string>& missing() const { return missing_; }

 private:
  using Data = kainjow::mustache::data;

  // An open section. kainjow calls push() once for each item of a list, and once for anything else.
  struct OpenSection {
    const Value* value;
    int next = 0;
  };

  const Value* Resolve(const Slot& slot) const;
  bool IsOpen(const Slot& slot, const Value* value) const;
  void Print(const Slot& slot) const;
  bool PrintTyped(const Slot& slot, const Value& value) const;
  const Data* Open(const Slot& slot) const;
  const Data& ListOf(int size) const;

  const CompiledPart& part_;
  const Scopes scopes_;
  const std::size_t max_output_bytes_;
  ValueWriter& writer_;
  std::string& out_;
  std::vector<std::string>& written_;
  const Data present_{true};
  std::vector<const Value*> items_;  // innermost last
  // Mutable because get() is const. kainjow calls nothing between get() and push(), so the last of
  // `open_sections_` is the section that is pushed.
  mutable std::vector<OpenSection> open_sections_;
  mutable std::map<int, Data> lists_;  // by size: the items themselves are never read
  mutable std::size_t steps_ = 0;
  mutable std::vector<std::string> missing_;
};

}  // namespace lmsmail::render
