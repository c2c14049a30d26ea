#include "services/gateway/pages/inbox_pages.h"

#include <fmt/format.h>
#include <kainjow/mustache.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include "embedded/lmsmail_gateway_pages.h"

#include "services/gateway/pages/style_source.h"

namespace lmsmail::gateway {
namespace {

using kainjow::mustache::data;
using kainjow::mustache::mustache;
using kainjow::mustache::object;

struct View {
  MailView view;
  std::string_view name;
  std::string_view title;
};
constexpr std::array<View, 5> kViews = {{{MailView::kHtml, "html", "HTML"},
                                         {MailView::kText, "text", "Text"},
                                         {MailView::kHeaders, "headers", "Headers"},
                                         {MailView::kSource, "source", "Source"},
                                         {MailView::kLinks, "links", "Links"}}};

data Text(std::string_view text) { return data(std::string(text)); }

// Mustache takes an empty text for one that is there.
data TextOrNothing(std::string_view text) { return text.empty() ? data(false) : Text(text); }

object WithStyles() { return {{"style", Text(kStyleCss)}, {"inbox_style", Text(kInboxCss)}}; }

std::string Render(std::string_view page, const object& values) {
  return mustache(std::string(page)).render(data(values));
}

std::string_view SubjectOf(std::string_view subject) {
  return subject.empty() ? "(no subject)" : subject;
}

data Tabs(const MailPage& page) {
  data tabs(data::type::list);
  for (const View& each : kViews) {
    tabs.push_back(data(object{{"number", Text(std::to_string(page.number))},
                               {"view", Text(each.name)},
                               {"title", Text(each.title)},
                               {"current", data(page.view == each.view)}}));
  }
  return tabs;
}

data Choice(const MailPage& page, bool current, std::string_view title) {
  return data(object{{"number", Text(std::to_string(page.number))},
                     {"query", Text(QueryOf(page))},
                     {"title", Text(title)},
                     {"current", data(current)}});
}

data Widths(MailPage page) {
  const bool phone = page.phone;
  data widths(data::type::list);
  page.phone = false;
  widths.push_back(Choice(page, !phone, "Desktop"));
  page.phone = true;
  widths.push_back(Choice(page, phone, "Phone"));
  return widths;
}

data Schemes(MailPage page) {
  const bool dark = page.dark;
  data schemes(data::type::list);
  page.dark = false;
  schemes.push_back(Choice(page, !dark, "Light"));
  page.dark = true;
  schemes.push_back(Choice(page, dark, "Dark"));
  return schemes;
}

data Fields(const StoredMail& mail) {
  data fields(data::type::list);
  for (const auto& [name, value] : mail.fields) {
    fields.push_back(data(object{{"name", Text(name)}, {"value", Text(value)}}));
  }
  return fields;
}

data Links(const std::vector<MailLink>& links) {
  data items(data::type::list);
  for (const MailLink& each : links) {
    const bool works = each.problem.empty();
    const std::string_view verdict = !works           ? std::string_view(each.problem)
                                     : each.IsLocal() ? "Its server answers"
                                                      : "Well-formed; its server was not asked";
    const bool openable = each.target.starts_with("https://") || each.target.starts_with("http://");
    items.push_back(data(object{{"class", Text(works ? "" : "broken")},
                                {"verdict", Text(verdict)},
                                {"place", Text(each.place)},
                                {"label", TextOrNothing(each.label)},
                                {"target", Text(each.target)},
                                {"openable", data(openable)}}));
  }
  return items;
}

std::string SummaryOf(const std::vector<MailLink>& links) {
  const auto broken =
      std::ranges::count_if(links, [](const MailLink& each) { return !each.problem.empty(); });
  return fmt::format("{} links, {} broken.", links.size(), broken);
}

}  // namespace

absl::StatusOr<InboxPages> InboxPages::Create() {
  for (const std::string_view page : {kInboxListPageHtml, kInboxMailPageHtml}) {
    const mustache parsed{std::string(page)};
    if (!parsed.is_valid()) return absl::InternalError(parsed.error_message());
  }
  return InboxPages(fmt::format("{} {}", StyleSource(kStyleCss), StyleSource(kInboxCss)));
}

std::string InboxPages::List(const InboxList& list) const {
  data mails(data::type::list);
  for (const InboxRow& row : list.rows) {
    mails.push_back(data(object{
        {"number", Text(std::to_string(row.number))},
        {"subject", Text(SubjectOf(row.subject))},
        {"to", Text(row.to)},
        {"arrived",
         Text(absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", row.arrived, absl::UTCTimeZone()))}}));
  }
  object values = WithStyles();
  values["total"] = Text(std::to_string(list.total));
  values["count_text"] = Text(list.total == 1 ? "1 mail" : fmt::format("{} mails", list.total));
  values["any"] = data(!list.rows.empty());
  values["mails"] = std::move(mails);
  values["latest"] = data(!list.is_first);
  values["older"] = data(list.older.has_value());
  values["before"] = Text(std::to_string(list.older.value_or(0)));
  return Render(kInboxListPageHtml, values);
}

std::string InboxPages::Mail(const StoredMail& mail, const MailPage& page,
                             const std::vector<MailLink>& links) const {
  object values = WithStyles();
  values["number"] = Text(std::to_string(page.number));
  values["subject"] = Text(SubjectOf(mail.subject));
  values["from"] = Text(mail.from);
  values["to"] = Text(mail.to);
  values["date"] = Text(mail.date);
  values["envelope_from"] = Text(mail.envelope_from.empty() ? "<>" : mail.envelope_from);
  values["envelope_to"] = Text(mail.envelope_to);
  values["tabs"] = Tabs(page);
  const auto show = [&](MailView view) { return data(page.view == view); };
  values["headers_view"] = show(MailView::kHeaders);
  values["fields"] = Fields(mail);
  values["links_view"] = show(MailView::kLinks);
  values["links"] = Links(links);
  values["links_text"] = Text(SummaryOf(links));
  const bool has_html = !mail.html.empty();
  values["html_view"] = data(page.view == MailView::kHtml && has_html);
  values["widths"] = Widths(page);
  values["schemes"] = Schemes(page);
  values["width"] = Text(page.phone ? "phone" : "desktop");
  values["dark"] = data(page.dark);
  const bool is_text = page.view == MailView::kText && !mail.text.empty();
  values["pre"] = data(is_text || page.view == MailView::kSource);
  values["text"] = Text(is_text ? mail.text : mail.source);
  if (page.view == MailView::kHtml && !has_html) values["note"] = Text("It has no HTML part.");
  if (page.view == MailView::kText && !is_text) values["note"] = Text("It has no text part.");
  return Render(kInboxMailPageHtml, values);
}

std::string QueryOf(const MailPage& page) {
  const auto* const view = std::ranges::find(kViews, page.view, &View::view);
  return fmt::format("view={}{}{}", view->name, page.phone ? "&width=phone" : "",
                     page.dark ? "&scheme=dark" : "");
}

MailView ViewNamed(std::string_view name) {
  const auto* const view = std::ranges::find(kViews, name, &View::name);
  return view == kViews.end() ? MailView::kHtml : view->view;
}

}  // namespace lmsmail::gateway
