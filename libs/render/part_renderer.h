#pragma once

#include <kainjow/mustache.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "libs/render/scopes.h"
#include "libs/render/template.h"

namespace lmsmail::render {

// Renders one compiled part, once, from protobuf. kainjow walks the sections and asks for each slot
// in turn; a section's slot is answered, a literal's or variable's is written to the output here
// and told absent: kainjow would copy every piece four times, which took as long as all the rest.
//
// Names, truth, escaping and limits are therefore decided here:
//  - a dotted name's first segment is looked up in the scopes, the rest inside what was found and
//    nowhere else (the specification's "context precedence")
//  - absent, null, false, 0, "" and an empty list are false as a section
//  - objects and lists print nothing; booleans print true and false
class PartRenderer final : public kainjow::mustache::basic_context<std::string> {
 public:
  // Appends to `out`. All that is referred to must outlive this.
  PartRenderer(const CompiledPart& part, Scopes scopes, std::size_t max_output_bytes,
               std::string& out);

  void push(const kainjow::mustache::data* data) override;
  void pop() override;
  const kainjow::mustache::data* get(const std::string& name) const override;
  const kainjow::mustache::data* get_partial(const std::string&) const override { return nullptr; }

  // Thrown by get(), the only way to end kainjow's walk early, once one of the limits is passed.
  struct LimitPassed {};
  bool output_too_large() const { return out_.size() > max_output_bytes_; }
  bool too_many_steps() const;
  // Names that were to be printed and are absent or null, each once.
  const std::vector<std::string>& missing() const { return missing_; }

 private:
  using Data = kainjow::mustache::data;

  // A section being walked. kainjow pushes once for each item of a list, once for anything else.
  struct Walk {
    const Value* value;
    int next = 0;
  };

  const Value* Resolve(const Slot& slot) const;
  void Print(const Slot& slot) const;
  const Data* Open(const Slot& slot) const;
  const Data& ListOf(int size) const;

  const CompiledPart& part_;
  const Scopes scopes_;
  const std::size_t max_output_bytes_;
  std::string& out_;
  const Data present_{true};
  std::vector<const Value*> items_;  // innermost last
  // kainjow asks through a const function. Between get() and push() it asks nothing else, which is
  // what makes `walks_` enough to know whose item is pushed.
  mutable std::vector<Walk> walks_;
  mutable std::map<int, Data> lists_;  // by size: an item says nothing but that it is there
  mutable std::size_t steps_ = 0;
  mutable std::vector<std::string> missing_;
};

}  // namespace lmsmail::render
