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
//   constexpr rpc::PageSizes kPages{.default_size = 100, .max_size = 1000};
//   const rpc::Page page(request, {"courses"}, kPages, violations);
//   LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
//   LMSMAIL_ASSIGN_OR_RETURN(auto courses, store.List(page.after(), page.limit(), deadline));
//   response.set_next_page_token(
//       page.TrimToPage(courses, [](const Course& last) { return last.id; }));
class Page {
 public:
  // Adds violations of the page size and the token. The strings of `query` must outlive this.
  template <typename Request>
  Page(const Request& request, PageQuery query, const PageSizes& sizes, Violations& violations)
      : query_(std::move(query)), size_(PageSize(request.page_size(), sizes, violations)) {
    auto cursor = ParsePageToken(query_, request.page_token());
    if (cursor.ok()) {
      cursor_ = *std::move(cursor);
      return;
    }
    for (const FieldViolation& violation : ViolationsOf(cursor.status())) {
      violations.Add(violation.field, violation.description);
    }
  }

  // The sort columns of the previous page's last row; empty for the first page.
  const PageCursor& cursor() const { return cursor_; }
  // The first of these columns, or "".
  std::string after() const { return cursor_.empty() ? std::string() : cursor_.front(); }
  // How many rows to read: one more than the page has, which tells whether another page follows.
  int limit() const { return size_ + 1; }

  // Removes the surplus row from `rows` and returns the next page's token, empty on the last page.
  // `sort_columns` returns a row's sort columns: a PageCursor, or a string when there is one.
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
