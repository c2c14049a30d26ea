# cmake -DOUT=header "-DFILES=a;b" -P EmbedPages.cmake
#
# Writes each file as a constant: style.css becomes kStyleCss.
set(body "// Generated from services/gateway/pages; do not edit.\n#pragma once\n\n")
string(APPEND body "#include <string_view>\n\nnamespace lmsmail::gateway {\n\n")
# With their lengths, because the compiler does not count the characters of a long text.
string(APPEND body "using std::string_view_literals::operator\"\"sv;\n\n")
foreach(file IN LISTS FILES)
  cmake_path(GET file FILENAME name)
  string(REGEX MATCHALL "[a-z]+" words ${name})
  set(constant k)
  foreach(word IN LISTS words)
    string(SUBSTRING ${word} 0 1 first)
    string(SUBSTRING ${word} 1 -1 rest)
    string(TOUPPER ${first} first)
    string(APPEND constant ${first}${rest})
  endforeach()
  file(READ ${file} content)
  string(APPEND body
         "inline constexpr std::string_view ${constant} = R\"lmsmail_file(${content})lmsmail_file\"sv;\n\n")
endforeach()
string(APPEND body "}  // namespace lmsmail::gateway\n")
file(WRITE ${OUT} "${body}")
