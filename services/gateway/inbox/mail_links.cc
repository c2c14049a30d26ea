#include "services/gateway/inbox/mail_links.h"

#include <curl/curl.h>
#include <libxml/HTMLparser.h>
#include <libxml/tree.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"

#include "libs/loopback/loopback.h"
#include "libs/strings/view.h"

namespace lmsmail::gateway {
namespace {

struct Free {
  void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::string Take(xmlChar* text) {
  const std::unique_ptr<xmlChar, decltype(xmlFree)> owned(text, xmlFree);
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text));
}

std::string Trimmed(std::string text) {
  absl::RemoveExtraAsciiWhitespace(&text);
  return text;
}

// Below `node` and beside it.
void AddAnchors(xmlNode* node, std::vector<MailLink>& links) {
  for (; node != nullptr; node = node->next) {
    if (node->type != XML_ELEMENT_NODE) continue;
    const std::string_view name(reinterpret_cast<const char*>(node->name));
    const auto* const href = reinterpret_cast<const xmlChar*>("href");
    if ((name == "a" || name == "area") && xmlHasProp(node, href) != nullptr) {
      links.push_back({.target = Trimmed(Take(xmlGetProp(node, href))),
                       .label = Trimmed(Take(xmlNodeGetContent(node))),
                       .place = "HTML"});
    }
    AddAnchors(node->children, links);
  }
}

void AddHtmlLinks(const std::string& html, std::vector<MailLink>& links) {
  const std::unique_ptr<xmlDoc, Free> document(
      htmlReadMemory(html.data(), static_cast<int>(html.size()), nullptr, "utf-8",
                     HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET));
  if (document != nullptr) AddAnchors(xmlDocGetRootElement(document.get()), links);
}

// What programs make a link of: from "https://" to a space or a mark that ends the sentence.
void AddTextLinks(std::string_view text, std::vector<MailLink>& links) {
  while (true) {
    const std::size_t begin = std::min(text.find("https://"), text.find("http://"));
    if (begin == std::string_view::npos) return;
    text.remove_prefix(begin);
    const std::size_t size = std::min(text.find_first_of(" \t\r\n<>\""), text.size());
    std::string_view target = text.substr(0, size);
    while (target.find_last_of(".,;:!?)'") == target.size() - 1) target.remove_suffix(1);
    links.push_back({.target = std::string(target), .place = "text"});
    text.remove_prefix(size);
  }
}

// RFC 2369: <URL>, <URL>.
void AddHeaderLinks(const StoredMail& mail, std::vector<MailLink>& links) {
  for (const auto& [name, value] : mail.fields) {
    if (absl::AsciiStrToLower(ToAbsl(name)) != "list-unsubscribe") continue;
    std::string_view rest = value;
    for (std::size_t open; (open = rest.find('<')) != std::string_view::npos;) {
      rest.remove_prefix(open + 1);
      const std::size_t close = std::min(rest.find('>'), rest.size());
      links.push_back({.target = std::string(rest.substr(0, close)), .place = name});
      rest.remove_prefix(close);
    }
  }
}

std::unique_ptr<CURLU, Free> ParseUrl(const std::string& target) {
  std::unique_ptr<CURLU, Free> url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, target.c_str(), 0) != CURLUE_OK) return nullptr;
  return url;
}

std::string HostOf(CURLU* url) {
  char* host = nullptr;
  if (curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK) return "";
  const std::unique_ptr<char, decltype(&curl_free)> owned(host, &curl_free);
  return host;
}

}  // namespace

bool MailLink::IsLocal() const {
  if (!target.starts_with("http://") && !target.starts_with("https://")) return false;
  const auto url = ParseUrl(target);
  return url != nullptr && IsLoopbackHost(HostOf(url.get()));
}

std::vector<MailLink> LinksOf(const StoredMail& mail) {
  std::vector<MailLink> links;
  AddHeaderLinks(mail, links);
  AddHtmlLinks(mail.html, links);
  AddTextLinks(mail.text, links);
  std::set<std::pair<std::string, std::string>> seen;
  std::erase_if(
      links, [&](const MailLink& each) { return !seen.insert({each.place, each.target}).second; });
  for (MailLink& each : links) each.problem = ProblemOf(each.target);
  return links;
}

std::string ProblemOf(const std::string& target) {
  if (target.empty()) return "It leads nowhere";
  if (target.find("{{") != std::string::npos || target.find("%7B%7B") != std::string::npos) {
    return "A placeholder was not filled in";
  }
  const std::string scheme =
      absl::AsciiStrToLower(ToAbsl(target.substr(0, std::min(target.find(':'), target.size()))));
  if (scheme == "mailto" || scheme == "tel" || target.starts_with('#')) return "";
  if (scheme == target) return "It is relative, and a mail has no address to start from";
  if (scheme != "https" && scheme != "http") return "Mail programs open no such link";
  const auto url = ParseUrl(target);
  const std::string host = url == nullptr ? std::string() : HostOf(url.get());
  if (host.empty()) return "It is not a valid URL";
  if (scheme == "http" && !IsLoopbackHost(host)) return "It is not encrypted";
  return "";
}

}  // namespace lmsmail::gateway
