#include "services/gateway/web/inbox_handlers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"

#include "libs/http_server/form.h"
#include "libs/status/status_macros.h"
#include "libs/strings/view.h"
#include "services/gateway/inbox/html_preview.h"

namespace lmsmail::gateway {
namespace {

using http_server::Request;
using http_server::Response;

constexpr std::ptrdiff_t kPageSize = 50;

// A mail may have any HTML: it runs no script, sends no form and is of no site, and its links open
// in windows of their own.
constexpr char kMailPolicy[] =
    "default-src 'none'; img-src data: http: https:; style-src 'unsafe-inline'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";

int IntOr(std::string_view text, int otherwise) {
  int value = 0;
  return absl::SimpleAtoi(ToAbsl(text), &value) ? value : otherwise;
}

// The value of a field of the query; empty without one.
std::string QueryField(const Request& request, std::string_view name) {
  const auto query = http_server::ParseUrlEncoded(request.query, 10);
  if (!query.ok()) return "";
  const std::string* const value = http_server::FindField(*query, name);
  return value == nullptr ? "" : *value;
}

// What is unknown is as if it were not there.
MailPage PageOf(int number, const Request& request) {
  return {.number = number,
          .view = ViewNamed(QueryField(request, "view")),
          .phone = QueryField(request, "width") == "phone",
          .dark = QueryField(request, "scheme") == "dark"};
}

Response Refuse(const absl::Status& status) {
  const int code = absl::IsNotFound(status) ? 404 : 500;
  return Response::Text(code, fmt::format("{}\n", std::string(status.message())));
}

InboxRow RowOf(const MailFile& file) {
  InboxRow row{.number = file.number, .arrived = file.arrived};
  const absl::StatusOr<std::string> content = MailFiles::Read(file);
  const auto mail = content.ok() ? ParseStoredMail(*content) : content.status();
  if (mail.ok()) {
    row.subject = mail->subject;
    row.to = mail->to;
  } else {
    row.subject = std::string(mail.status().message());
  }
  return row;
}

}  // namespace

Response InboxHandlers::List(const Request& request) const {
  const absl::StatusOr<std::vector<MailFile>> files = files_.List();
  if (!files.ok()) return Refuse(files.status());
  const int before = IntOr(QueryField(request, "before"), std::numeric_limits<int>::max());
  const auto first =
      std::ranges::find_if(*files, [before](const MailFile& it) { return it.number < before; });
  const auto last = first + std::min(kPageSize, files->end() - first);
  InboxList list{.total = static_cast<int>(files->size()), .is_first = first == files->begin()};
  std::transform(first, last, std::back_inserter(list.rows), RowOf);
  if (last != files->end()) list.older = (last - 1)->number;
  return Page(pages_.List(list));
}

Response InboxHandlers::Show(const Request& request) const {
  const absl::StatusOr<Found> found = Find(request);
  if (!found.ok()) return Refuse(found.status());
  const MailPage page = PageOf(found->number, request);
  const auto links =
      page.view == MailView::kLinks ? CheckedLinks(found->mail) : std::vector<MailLink>();
  return Page(pages_.Mail(found->mail, page, links));
}

Response InboxHandlers::Html(const Request& request) const {
  const absl::StatusOr<Found> found = Find(request);
  if (!found.ok()) return Refuse(found.status());
  Response response =
      Response::Html(200, PreviewOf(found->mail.html, PageOf(found->number, request).dark));
  response.headers.Set("Content-Security-Policy", kMailPolicy);
  return response;
}

absl::StatusOr<InboxHandlers::Found> InboxHandlers::Find(const Request& request) const {
  const int number = IntOr(request.Parameter("number"), 0);
  LMSMAIL_ASSIGN_OR_RETURN(const std::string content, files_.Read(number));
  LMSMAIL_ASSIGN_OR_RETURN(StoredMail mail, ParseStoredMail(content));
  return Found{number, std::move(mail)};
}

std::vector<MailLink> InboxHandlers::CheckedLinks(const StoredMail& mail) const {
  std::vector<MailLink> links = LinksOf(mail);
  std::vector<MailLink*> asked;
  std::vector<std::string> urls;
  for (MailLink& each : links) {
    if (!each.problem.empty() || !each.IsLocal()) continue;
    asked.push_back(&each);
    urls.push_back(each.target);
  }
  std::vector<std::string> problems = probe_.Ask(urls);
  for (std::size_t i = 0; i < asked.size(); ++i) asked[i]->problem = std::move(problems[i]);
  return links;
}

Response InboxHandlers::Page(std::string html) const {
  Response response = Response::Html(200, std::move(html));
  response.headers.Set(
      "Content-Security-Policy",
      fmt::format("default-src 'none'; style-src {}; frame-src 'self'; base-uri 'none'; "
                  "form-action 'none'; frame-ancestors 'none'",
                  pages_.style_sources()));
  return response;
}

}  // namespace lmsmail::gateway
