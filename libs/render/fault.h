#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libs/render/content.h"
#include "libs/status/error_details.h"

namespace lmsmail::render {

// 1-based. Columns count code points, as editors show them. {0, 0}: about the whole part.
struct Location {
  int line = 0;
  int column = 0;

  bool operator==(const Location&) const = default;
};

struct Fault {
  Part part = Part::kSubject;
  std::string partial;  // the partial that `at` is a place in; empty for the part's own source
  Location at;
  std::string message;

  bool operator==(const Fault&) const = default;
};

// Keeps each fault once (a partial included twice would repeat its own) and at most kMaxFaults.
class FaultList {
 public:
  void Add(Fault fault);

  bool empty() const { return faults_.empty(); }
  const std::vector<Fault>& list() const { return faults_; }
  std::vector<Fault> Take() && { return std::move(faults_); }

 private:
  std::vector<Fault> faults_;
};

// As violations of the fields "subject", "html", "text" and "variables", the place at the front of
// the description.
Violations ToViolations(const std::vector<Fault>& faults);

// `text` between quotes for a message, shortened to what a message bears.
std::string Quote(std::string_view text);

}  // namespace lmsmail::render
