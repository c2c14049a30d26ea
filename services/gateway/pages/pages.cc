#include "services/gateway/pages/pages.h"

#include <fmt/format.h>
#include <kainjow/mustache.hpp>

#include <algorithm>
#include <utility>

#include "embedded/lmsmail_gateway_pages.h"

#include "libs/status/status_macros.h"
#include "services/gateway/pages/style_source.h"

namespace lmsmail::gateway {
namespace {

using kainjow::mustache::data;
using kainjow::mustache::mustache;
using kainjow::mustache::object;

bool IsSubscribed(const Link& link, Category category) {
  return std::ranges::any_of(link.choices, [category](const Choice& each) {
    return each.category == category && each.subscribed;
  });
}

std::string_view KeyOf(Done done) {
  switch (done) {
    case Done::kUnsubscribed:
      return "done_unsubscribed";
    case Done::kUnsubscribedFromAll:
      return "done_all";
    case Done::kSubscribed:
      return "done_subscribed";
    case Done::kSaved:
      return "done_saved";
    case Done::kUndone:
      return "done_undone";
  }
  return "";
}

std::string_view KeyOf(Message message) {
  switch (message) {
    case Message::kInvalidLink:
      return "invalid_link";
    case Message::kBadForm:
      return "bad_form";
    case Message::kUnavailable:
      return "unavailable";
  }
  return "";
}

// The data of one page, with the texts of its language.
class PageData {
 public:
  PageData(const Language& language, const Site& site)
      : language_(language),
        site_(site),
        data_(object{{"lang", data(language.code)},
                     {"dir", data(language.direction)},
                     {"style", data(std::string(kStyleCss))},
                     {"site_name", data(site.name)},
                     {"site_url", data(site.url)}}) {
    Set("postal_address", site.postal_address);
    SetText("email_preferences");
  }

  std::string Text(std::string_view key, std::string_view category = {}) const {
    return language_.Text(key, site_.name, category);
  }
  std::string TextOf(Category category, std::string_view part) const {
    return Text(fmt::format("{}_{}", NameOf(category), part));
  }

  void Set(const std::string& name, const data& value) { data_.set(name, value); }
  // An empty text is as if it were not there.
  void Set(const std::string& name, const std::string& text) {
    Set(name, text.empty() ? data(false) : data(text));
  }
  void SetText(const std::string& key) { Set(key, Text(key)); }

  std::string Render(std::string_view page) const {
    return mustache(std::string(page)).render(data_);
  }

 private:
  const Language& language_;
  const Site& site_;
  data data_;
};

data OneCategory(const Link& link, const PageData& page) {
  const bool subscribed = IsSubscribed(link, *link.category);
  return data(
      object{{"title", data(page.TextOf(*link.category, "title"))},
             {"text", data(page.TextOf(*link.category, "text"))},
             {"subscribed", data(subscribed)},
             {"status", data(page.Text(subscribed ? "subscribed" : "unsubscribed"))},
             {"button", data(page.Text(subscribed ? "unsubscribe_button" : "subscribe_button"))}});
}

data ChoicesOf(const Link& link, const PageData& page) {
  data choices(data::type::list);
  for (const Choice& each : link.choices) {
    choices.push_back(data(object{{"id", data(std::string(NameOf(each.category)))},
                                  {"title", data(page.TextOf(each.category, "title"))},
                                  {"text", data(page.TextOf(each.category, "text"))},
                                  {"subscribed", data(each.subscribed)}}));
  }
  return choices;
}

data NoticeOf(const std::string& text, std::string_view undo_token, const PageData& page) {
  data notice(object{{"text", data(text)}, {"undo_button", data(page.Text("undo_button"))}});
  notice.set("undo_token", undo_token.empty() ? data(false) : data(std::string(undo_token)));
  return notice;
}

}  // namespace

bool IsTrue(Done done, const Link& link) {
  switch (done) {
    case Done::kUnsubscribed:
      return link.category && !IsSubscribed(link, *link.category);
    case Done::kSubscribed:
      return link.category && IsSubscribed(link, *link.category);
    case Done::kUnsubscribedFromAll:
      return link.unsubscribed_from_all;
    case Done::kSaved:
      return link.kind == LinkKind::kPreferences;
    case Done::kUndone:
      return !link.unsubscribed_from_all;
  }
  return false;
}

absl::StatusOr<Pages> Pages::Create(Site site) {
  LMSMAIL_ASSIGN_OR_RETURN(Texts texts, Texts::Parse(kTextsYaml));
  for (const std::string_view page : {kPreferencePageHtml, kMessagePageHtml}) {
    const mustache parsed{std::string(page)};
    if (!parsed.is_valid()) return absl::InternalError(parsed.error_message());
  }
  return Pages(std::move(site), std::move(texts));
}

Pages::Pages(Site site, Texts texts)
    : site_(std::move(site)), texts_(std::move(texts)), style_source_(StyleSource(kStyleCss)) {}

std::string Pages::Preferences(const Link& link, std::string_view token, std::optional<Done> done,
                               std::string_view undo_token) const {
  PageData page(texts_.For(link.language_code), site_);
  std::string title = page.Text("page_title");
  page.Set("page_title", title);
  if (done && IsTrue(*done, link)) {
    const std::string category = link.category ? page.TextOf(*link.category, "title") : "";
    const std::string text = page.Text(KeyOf(*done), category);
    page.Set("notice", NoticeOf(text, undo_token, page));
    title = fmt::format("{} – {}", text, title);
  }
  page.Set("title", title);
  // Relative, so that it works behind any prefix of the public URL.
  page.Set("action", fmt::format("{}/preferences", token));
  if (link.category) {
    page.Set("one", OneCategory(link, page));
    page.SetText("more_choices");
  } else {
    page.Set("each", data(true));
    page.SetText("choose_legend");
    page.SetText("save_button");
    if (site_.tracking) {
      page.Set("tracking", data(object{{"title", data(page.Text("tracking_title"))},
                                       {"text", data(page.Text("tracking_text"))},
                                       {"allowed", data(link.tracking_allowed)}}));
    }
  }
  page.Set("choices", ChoicesOf(link, page));
  page.Set("titles", ChoicesOf(link, page));
  page.SetText("all_heading");
  page.Set("all_unsubscribed", link.unsubscribed_from_all ? page.Text("all_unsubscribed") : "");
  for (const char* key : {"all_text", "all_button", "always_sent"}) page.SetText(key);
  return page.Render(kPreferencePageHtml);
}

std::string Pages::ShowMessage(Message message, const Language& language) const {
  PageData page(language, site_);
  page.Set("title", page.Text(fmt::format("{}_title", KeyOf(message))));
  page.Set("text", page.Text(fmt::format("{}_text", KeyOf(message))));
  return page.Render(kMessagePageHtml);
}

}  // namespace lmsmail::gateway
