#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "libs/rpc/page_token.h"
#include "libs/status/fault.h"

namespace lmsmail::report {

// The page that a List request asks for. `key` is the sort key of the last row given out; all our
// lists have one.
class Page {
 public:
  // Faults of size or token are added to `violations`.
  template <typename Request>
  Page(const Request& request, rpc::PageQuery query, const rpc::PageSizes& sizes,
       Violations& violations)
      : query_(std::move(query)), size_(rpc::PageSize(request.page_size(), sizes, violations)) {
    const auto cursor = rpc::ParsePageToken(query_, request.page_token());
    if (!cursor.ok()) {
      for (const FieldViolation& fault : ViolationsOf(cursor.status())) {
        violations.Add(fault.field, fault.description);
      }
    } else if (!cursor->empty()) {
      after_ = cursor->front();
    }
  }

  const std::string& after() const { return after_; }  // empty for the first page
  // One row more than the page has, to know whether another follows.
  int limit() const { return size_ + 1; }

  // Takes the row too many off `rows`; returns the token of the next page, empty when there is
  // none.
  template <typename Row, typename Key>
  std::string Cut(std::vector<Row>& rows, Key key) const {
    if (rows.size() < static_cast<std::size_t>(limit())) return {};
    rows.pop_back();
    return rpc::MakePageToken(query_, {key(rows.back())});
  }

 private:
  const rpc::PageQuery query_;
  const int size_;
  std::string after_;
};

}  // namespace lmsmail::report
