#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>

// Comments of proto files, which describe the API.
namespace lmsmail::gateway {

// A comment without the blank that begins each line. Lines of a paragraph are joined.
std::string CommentText(std::string_view comment);

// The comment before `element`, a descriptor of any kind. Empty without one, and if its file was
// read without source info.
template <typename Descriptor>
std::string CommentOf(const Descriptor& element) {
  google::protobuf::SourceLocation location;
  if (!element.GetSourceLocation(&location)) return {};
  return CommentText(location.leading_comments);
}

// The first sentence, without its full stop.
std::string FirstSentence(std::string_view text);

// Whether the comment of a field or oneof says that requests must have it.
bool IsRequired(std::string_view comment);

}  // namespace lmsmail::gateway
