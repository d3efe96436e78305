//! The text layer: encodings, quoting, continuation, substitution, limits.

use super::super::{Inf, InfError, Position, RegistryValue};
use super::{SMALL, assert_says, error_at, installed, plan, small_with};

fn parse_error(text: &str) -> InfError {
    Inf::parse(text.as_bytes()).expect_err("this text must not parse")
}

fn position(error: &InfError) -> (u32, u32) {
    let Position { line, column } = error.position().expect("a position");
    (line, column)
}

fn string_of(entry: &str, name: &str) -> String {
    let installation = installed(&small_with(";reg", entry));
    match installation.software.value(name) {
        Some(RegistryValue::String(text)) => text.clone(),
        other => panic!("{name} is {other:?}"),
    }
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    "\u{FEFF}"
        .encode_utf16()
        .chain(text.encode_utf16())
        .flat_map(unit)
        .collect()
}

#[test]
fn utf8_with_a_byte_order_mark_and_utf16_of_either_order_read_alike() {
    let text = small_with("The maker", "Zażółć 🎉");
    let encodings = [
        text.as_bytes().to_vec(),
        [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
        utf16(&text, u16::to_le_bytes),
        utf16(&text, u16::to_be_bytes),
        text.replace('\n', "\r\n").into_bytes(),
        text.replace('\n', "\r").into_bytes(),
    ];
    for bytes in encodings {
        let inf = Inf::parse(&bytes).expect("every encoding parses");
        let plan = super::super::Installation::plan(
            &inf,
            &super::device(),
            &super::Target::windows_server_2025(),
        );
        assert_eq!(plan.expect("and installs").provider, "Zażółć 🎉");
    }
}

#[test]
fn faults_of_the_encoding_are_placed() {
    let error = Inf::parse(b"[Version]\r\n; caf\xE9").expect_err("Latin-1 is refused");
    assert_eq!(position(&error), (2, 6));
    assert_says(&error, "UTF-8");

    let error = Inf::parse(b"[\0V\0e\0r\0").expect_err("UTF-16 without a mark is refused");
    assert_eq!(position(&error), (1, 2));
    assert_says(&error, "UTF-16 without a byte order mark");

    let error = Inf::parse(b"\xFF\xFE[\0V").expect_err("an odd byte is refused");
    assert_eq!(position(&error), (1, 2));

    let error = Inf::parse(b"\xFF\xFE[\0\x00\xD8a\0").expect_err("a lone surrogate is refused");
    assert_eq!(position(&error), (1, 2));

    let error = parse_error("[A]\n\x01");
    assert_eq!(position(&error), (2, 1));
    assert_says(&error, "U+0001");
}

#[test]
fn syntax_faults_carry_line_and_column_and_say_what_was_expected() {
    for (text, place, part) in [
        ("key = value", (1, 1), "[section]"),
        ("[Version", (1, 1), "']'"),
        ("\n  []", (2, 3), "1 to 255 characters"),
        ("[A] b", (1, 5), "end of the line"),
        ("[A]\nb = \"c", (2, 5), "not closed"),
        ("[A]\n = c", (2, 2), "name before '='"),
        ("[A]\nb = c \\", (2, 7), "the file ends here"),
    ] {
        let error = parse_error(text);
        assert_eq!(position(&error), place, "{text:?}");
        assert_says(&error, part);
    }
}

#[test]
fn the_display_form_starts_with_the_position() {
    let text = parse_error("[Version").to_string();
    assert!(text.starts_with("line 1, column 1: "), "{text}");
}

#[test]
fn a_semicolon_starts_a_comment_except_in_quotes_and_tokens() {
    assert_eq!(string_of("HKR,,A,0,b ; c", "A"), "b");
    assert_eq!(string_of("HKR,,A,0,\"b ; c\" ; d", "A"), "b ; c");
    let text = small_with(";reg", "HKR,,A,0,%a;b,c%");
    assert_says(&error_at(&text, "%a;b,c%"), "'a;b,c' is not defined");
}

#[test]
fn quotation_marks_keep_blanks_and_commas_and_double_for_themselves() {
    assert_eq!(string_of("HKR,,A,0,  b c  ", "A"), "b c");
    assert_eq!(string_of("HKR,,A,0,\"  b, c  \"", "A"), "  b, c  ");
    assert_eq!(
        string_of("HKR,,A,0,\"an \"\"example\"\" string\"", "A"),
        "an \"example\" string"
    );
}

#[test]
fn a_backslash_at_the_end_continues_the_entry() {
    assert_eq!(string_of("HKR,,A\\\n  ,0,\\ ; comment\n b", "A"), "b");
    // *General Syntax Rules for INF Files*: of two backslashes the first is ignored.
    assert_eq!(string_of("HKR,,A,0,b\\\\\nc", "A"), "bc");
    assert_eq!(string_of("HKR,,A,0,\"b\\\"\\\n,c", "A"), "b\\");
}

#[test]
fn sections_of_one_name_are_merged_and_case_does_not_matter() {
    let text = SMALL
        .replace("[Reg]", "[REG]")
        .replace("ndis5", "ndis5\"\n[Small.nt.hw]\n[rEG]\nhkr,,A,0,\"b");
    assert_eq!(
        installed(&text).software.value("a"),
        Some(&RegistryValue::String("b".into()))
    );
}

#[test]
fn string_tokens_expand_once_inside_and_outside_of_quotes() {
    let text = small_with(";reg", "HKR,,A,0,\"<%one%%Maker%> 100%%\"")
        .replace("Maker =", "one = \"%Maker%\"\nMaker =");
    assert_eq!(
        installed(&text).software.value("A"),
        Some(&RegistryValue::String("<%Maker%The maker> 100%".into()))
    );
}

#[test]
fn an_undefined_string_is_an_error_at_the_field() {
    let error = error_at(&small_with(";reg", "HKR,,A,0,%nowhere%"), "%nowhere%");
    assert_eq!(error.position().map(|position| position.column), Some(10));
    assert_says(&error, "'nowhere' is not defined in [Strings]");
    let error = error_at(&small_with(";reg", "HKR,,A,0,50%"), "50%");
    assert_says(&error, "%%");
}

#[test]
fn the_strings_of_the_system_language_come_before_the_neutral_ones() {
    let text = small_with(
        "[Strings]",
        "[Strings.0409]\nMaker = \"English\"\n[Strings]",
    );
    assert_eq!(installed(&text).provider, "English");
}

#[test]
fn sizes_are_limited() {
    let error = Inf::parse(&vec![b' '; (4 << 20) + 1]).expect_err("too large");
    assert_says(&error, "4194304 bytes");

    let error = parse_error(&format!("[A]\nb = {}", "c".repeat(4096)));
    assert_says(&error, "longer than 4095 characters");

    let error = parse_error(&format!("[A]\nb = {}", "c,".repeat(40_000)));
    assert_says(&error, "longer than 65536 characters");

    let error = parse_error(&format!("[A]\n{}", ",,,,,,,,,,,,,,,,,,,\n".repeat(30_000)));
    assert_says(&error, "fields in one file");

    let error = parse_error(&"[A]\n".repeat(70_000));
    assert_says(&error, "65536 sections");

    let error = parse_error(&format!("[{}]", "s".repeat(256)));
    assert_says(&error, "1 to 255 characters");
}

#[test]
fn substitution_cannot_make_a_field_too_long() {
    let text = small_with(";reg", &format!("HKR,,A,0,{}", "%big%".repeat(5))).replace(
        "Maker =",
        &format!("big = \"{}\"\nMaker =", "x".repeat(1000)),
    );
    assert_says(&error_at(&text, "%big%"), "after string substitution");
}

#[test]
fn a_file_that_refers_to_one_section_too_often_is_refused() {
    let lines = "HKR,,A,0,b\n".repeat(2000);
    let text = small_with(
        "AddReg = Reg",
        &format!("AddReg = Reg{}", ",Many".repeat(2000)),
    ) + &format!("[Many]\n{lines}");
    assert_says(&plan(&text).expect_err("too much work"), "too often");

    let needs = "a=\n".repeat(5000);
    let text = small_with(
        "AddReg = Reg",
        &format!("Needs = Many{}", ",Many".repeat(2000)),
    ) + &format!("[Many]\n{needs}");
    assert_says(&plan(&text).expect_err("too much work"), "too often");
}
