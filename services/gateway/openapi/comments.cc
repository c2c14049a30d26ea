#include "services/gateway/openapi/comments.h"

#include <algorithm>

namespace lmsmail::gateway {

std::string CommentText(std::string_view comment) {
  std::string text;
  bool paragraph = false;  // whether the line before has text
  while (!comment.empty()) {
    std::string_view line = comment.substr(0, comment.find('\n'));
    comment.remove_prefix(std::min(line.size() + 1, comment.size()));
    if (line.starts_with(' ')) line.remove_prefix(1);
    if (line.empty()) {
      if (paragraph) text += "\n\n";
      paragraph = false;
      continue;
    }
    // A list item or an example begins a line of its own.
    const bool own_line = line.starts_with(' ') || line.starts_with('-');
    if (paragraph) text += own_line ? '\n' : ' ';
    text += line;
    paragraph = true;
  }
  text.erase(text.find_last_not_of('\n') + 1);
  return text;
}

std::string FirstSentence(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  text = text.substr(0, text.find(". "));
  if (text.ends_with('.')) text.remove_suffix(1);
  return std::string(text);
}

bool IsRequired(std::string_view comment) { return comment.starts_with("Required."); }

}  // namespace lmsmail::gateway
