#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "libs/rpc/page_token.h"
#include "libs/status/error_details.h"

namespace lmsmail::rpc {

// The page that a List request asks for:
//
//   const rpc::Page page(request, {"courses"}, {.default_size = 100, .max_size = 1000},
//   violations); LMSMAIL_RETURN_IF_ERROR(violations.ToStatus()); LMSMAIL_ASSIGN_OR_RETURN(auto
//   courses, store.List(page.after(), page.limit(), deadline));
//   response.set_next_page_token(page.TrimToPage(courses, [](const Course& last) { return last.id;
//   }));
class Page {
 public:
  // Faults of size or token are added to `violations`. What `query` views must outlive this.
  template <typename Request>
  Page(const Request& request, PageQuery query, const PageSizes& sizes, Violations& violations)
      : query_(std::move(query)), size_(PageSize(request.page_size(), sizes, violations)) {
    auto cursor = ParsePageToken(query_, request.page_token());
    if (cursor.ok()) {
      cursor_ = *std::move(cursor);
      return;
    }
    for (const FieldViolation& fault : ViolationsOf(cursor.status())) {
      violations.Add(fault.field, fault.description);
    }
  }

  // Sort columns of the last row given out; empty for the first page.
  const PageCursor& cursor() const { return cursor_; }
  // The first of them, or "".
  std::string after() const { return cursor_.empty() ? std::string() : cursor_.front(); }
  // One row more than the page has, to know whether another follows.
  int limit() const { return size_ + 1; }

  // Takes the row too many off `rows`; returns the token of the next page, empty when there is
  // none. `sort_columns` gives those of a row: a PageCursor, or a string when there is one.
  template <typename Row, typename SortColumns>
  std::string TrimToPage(std::vector<Row>& rows, SortColumns sort_columns) const {
    if (rows.size() < static_cast<std::size_t>(limit())) return {};
    rows.pop_back();
    return MakePageToken(query_, {sort_columns(rows.back())});
  }

 private:
  const PageQuery query_;
  const int size_;
  PageCursor cursor_;
};

}  // namespace lmsmail::rpc
