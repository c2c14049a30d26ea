#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lmsmail::dispatch {

// A link of an HTML text, <a href="...">.
struct HtmlLink {
  std::size_t begin = 0;  // of the value of href in the text, without its quotes
  std::size_t end = 0;
  std::string target;  // the decoded URL, as tracking::IsTarget() requires
};

struct HtmlScan {
  // Those to http and https, in the order of the text. Others (mailto, "#top", relative ones) are
  // left out, and so are the few whose URL mail programs might decode differently.
  std::vector<HtmlLink> links;
  // Where what is shown first may be inserted: behind <body>, without one behind </head>. nullopt
  // in a text without both.
  std::optional<std::size_t> body;
};

// Finds what browsers would find (WHATWG HTML 13.2.5, the tokenizer), in one pass: attributes in
// any order and quoting, upper case, comments, and the text of <style> and its like, which has no
// tags. What Outlook reads in a conditional comment is a comment to others and stays as it is.
HtmlScan ScanHtml(std::string_view html);

}  // namespace lmsmail::dispatch
