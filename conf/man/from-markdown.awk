# A page of docs/reference as a manual page: awk -v name=tidegate -v section=1 -v version=0.1.0 -v brief="..." -f this
# page.md. It knows what those pages use: headings, paragraphs, tables, code (fenced, indented, `inline`), bold, links.
# A table becomes a list: the first column names the item, the last explains it, those between go in brackets.

function quoted(text) {
  gsub(/\\/, "\\e", text)
  gsub(/…/, "...", text)
  return text
}

# Inline marks of a text without `code`.
function prose(text,   before, inner) {
  text = quoted(text)
  while (match(text, /\*\*[^*]+\*\*/)) {
    before = substr(text, 1, RSTART - 1)
    inner = substr(text, RSTART + 2, RLENGTH - 4)
    text = before "\\fB" inner "\\fR" substr(text, RSTART + RLENGTH)
  }
  return text
}

function code(text) {
  text = quoted(text)
  gsub(/-/, "\\-", text)
  return text
}

# Links first lose their targets, so that code within their text is seen; then prose and `code` in turns.
function inline(text,   parts, count, i, result) {
  while (match(text, /\]\([^)]*\)/)) {
    i = RSTART
    count = RLENGTH
    while (i > 0 && substr(text, i, 1) != "[") i--
    text = substr(text, 1, i - 1) substr(text, i + 1, RSTART - i - 1) substr(text, RSTART + count)
  }
  count = split(text, parts, "`")
  result = ""
  for (i = 1; i <= count; i++) result = result (i % 2 ? prose(parts[i]) : "\\fB" code(parts[i]) "\\fR")
  return result
}

# A line of text must not look like a request.
function put(text) {
  sub(/^ +/, "", text)
  if (text ~ /^[.']/) text = "\\&" text
  print text
}

function row(line,   cells, count, i, between) {
  gsub(/\\\|/, "\001", line)
  sub(/^\| */, "", line)
  sub(/ *\| *$/, "", line)
  count = split(line, cells, / *\| */)
  for (i = 1; i <= count; i++) gsub(/\001/, "|", cells[i])
  if (!in_table) {
    in_table = 1
    for (i = 1; i <= count; i++) titles[i] = cells[i]
    return
  }
  if (line ~ /^-+( \||-|\|)*/ && cells[1] ~ /^-+$/) return
  if (cells[1] != "") item = cells[1]
  print ".TP"
  put("\\&" inline(item))
  between = ""
  for (i = 2; i < count; i++) {
    if (cells[i] != "") between = between (between == "" ? "" : "; ") "\\fI" titles[i] "\\fR " inline(cells[i])
  }
  if (between != "") {
    put("(" between ")")
    print ".br"
  }
  put("\\&" inline(cells[count]))
}

BEGIN {
  printf ".\\\" Made from a page of docs/reference: change that one.\n"
  printf ".TH %s %s \"\" \"Tidegate %s\" \"Tidegate\"\n", toupper(name), section, version
  printf ".SH NAME\n%s \\- %s\n.SH DESCRIPTION\n", name, brief
}

/^```/ {
  in_paragraph = 0
  in_table = 0
  fenced = !fenced
  print fenced ? ".PP\n.RS 4\n.EX" : ".EE\n.RE"
  next
}
fenced {
  line = code($0)
  print (line ~ /^[.']/ ? "\\&" : "") line
  next
}
/^# / { next }
/^## / {
  in_paragraph = 0
  in_table = 0
  print ".SH " toupper(code(substr($0, 4)))
  next
}
/^### / {
  in_paragraph = 0
  in_table = 0
  heading = substr($0, 5)
  gsub(/`/, "", heading)
  print ".SS " code(heading)
  next
}
/^\|/ {
  in_paragraph = 0
  row($0)
  next
}
/^    [^ ]/ && !in_paragraph {
  print ".PP\n.RS 4\n.EX"
  put(code(substr($0, 5)))
  print ".EE\n.RE"
  in_table = 0
  next
}
/^ *$/ {
  in_paragraph = 0
  in_table = 0
  next
}
{
  if (!in_paragraph) print ".PP"
  in_paragraph = 1
  in_table = 0
  put(inline($0))
}

END {
  printf ".SH SEE ALSO\n%s\n", also
}
