//! A unified diff that `git apply` takes.

use std::fmt::Write as _;

use similar::TextDiff;

/// The difference of a file, by its path from the root with `/` between the parts; empty where there is none.
pub(crate) fn unified(path: &str, before: &str, after: &str) -> String {
    if before == after {
        return String::new();
    }
    TextDiff::from_lines(before, after)
        .unified_diff()
        .context_radius(3)
        .header(&name("a", path), &name("b", path))
        .to_string()
}

/// Whether git and we agree on where the lines of the text end: a carriage return alone ends one for us only.
pub(crate) fn has_plain_lines(text: &str) -> bool {
    !text.replace("\r\n", "\n").contains('\r')
}

/// As git writes a path: with its escapes of C, in quotes, where it has what could be misread.
fn name(side: &str, path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    let path = format!("{side}/{path}");
    if path.bytes().all(is_plain) {
        return path;
    }
    let mut quoted = String::from("\"");
    for byte in path.bytes() {
        match byte {
            b'"' | b'\\' => {
                quoted.push('\\');
                quoted.push(char::from(byte));
            }
            b' '..=b'~' => quoted.push(char::from(byte)),
            byte => {
                let _ = write!(quoted, "\\{byte:03o}");
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_as_git_reads_them() {
        for (path, expected) in [
            ("catalog-info.yaml", "a/catalog-info.yaml"),
            ("a b/c.yaml", "\"a/a b/c.yaml\""),
            ("é.yaml", "\"a/\\303\\251.yaml\""),
            ("a\nb\t\"\\.yaml", "\"a/a\\012b\\011\\\"\\\\.yaml\""),
        ] {
            assert_eq!(name("a", path), expected);
        }
    }

    #[test]
    fn what_is_the_same_is_no_difference() {
        assert_eq!(unified("a", "x\n", "x\n"), "");
        assert!(has_plain_lines("a\r\nb\n"));
        assert!(!has_plain_lines("a\rb\n"));
    }

    #[test]
    fn a_file_without_a_line_break_at_its_end() {
        insta::assert_snapshot!(unified("x.yaml", "a: 1\nb: 2", "a: 1\nb: 3"), @r"
        --- a/x.yaml
        +++ b/x.yaml
        @@ -1,2 +1,2 @@
         a: 1
        -b: 2
        \ No newline at end of file
        +b: 3
        \ No newline at end of file
        ");
    }
}
