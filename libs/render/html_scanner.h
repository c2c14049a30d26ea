#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lmsmail::render {

// Where a value stands in HTML.
enum class HtmlPlace {
  kText,
  kTag,            // in a tag, outside of attributes' values: it could add attributes
  kUnquotedValue,  // of an attribute
  kQuotedValue,
  kStyle,    // in <style>
  kScript,   // in <script>, or another element whose content is no HTML
  kComment,  // a condition for Outlook, <!--[if mso]>, is none: its content is HTML
};

// Follows HTML through the text of a template as browsers read it (WHATWG HTML, 13.2.5), as far as
// is needed to tell where values stand. Never fails: all text is some HTML.
class HtmlScanner {
 public:
  // The next text, or the value of a variable.
  void Feed(std::string_view text);
  void FeedValue();

  HtmlPlace place() const;
  // In lower case, of the value that place() is in; empty elsewhere.
  std::string_view attribute() const;
  // In a quoted value that is a URL: the text before, decoded as browsers decode it.
  std::string UrlSoFar() const;

  // The URLs since the last call that run a script when they are opened.
  std::vector<std::string> TakeScriptUrls();

 private:
  enum class State {
    kText,
    kTagOpen,  // after "<"
    kTagName,
    kBeforeName,
    kName,
    kBeforeValue,
    kQuoted,
    kUnquoted,
    kMarkup,   // after "<!"
    kComment,  // after "<!--"
    kBogus,    // what ends at the next ">"
    kRaw,      // in an element whose content has no tags
  };

  void Next(char c);
  void InTagOpen(char c);
  void InTag(char c);
  void InComment(char c);
  void InRaw(char c);
  void AddToValue(char c);
  void EndValue();
  void EndTag();

  State state_ = State::kText;
  char quote_ = 0;
  bool closing_ = false;           // in an end tag
  std::string element_;            // the name of the last tag
  std::string attribute_;          // the name of the last attribute
  std::string value_;              // its value so far; a variable is kVariable
  std::string pending_;            // of kMarkup, kComment and kRaw: what may be its end or its kind
  bool may_be_condition_ = false;  // of kComment
  std::vector<std::string> script_urls_;
};

// Whether the attribute is read by people, as `alt` is, so that values in it are written for them.
bool IsReadByPeople(std::string_view attribute);
bool IsUrlAttribute(std::string_view attribute);

}  // namespace lmsmail::render
