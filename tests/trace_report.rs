//! Claim: the page that `dhpnic trace --report` writes stands alone, can be read by a keyboard and
//! by a screen reader, and shows what the trace tells.

#[path = "trace/driver.rs"]
mod driver;
#[path = "trace/scene.rs"]
mod scene;

use roxmltree::{Document, Node};
use scene::Scene;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn text(path: &Path) -> &str {
    path.to_str().expect("the path is UTF-8")
}

/// The page about a trace, and the folder that it is in.
fn report(scene: Scene, more: &[&str]) -> (tempfile::TempDir, PathBuf, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let trace = folder.path().join("hot-add.etl");
    scene.write(&trace);
    let page = folder.path().join("report.html");
    let output = Command::new(env!("CARGO_BIN_EXE_dhpnic"))
        .args(["trace", text(&trace), "--report", text(&page)])
        .args(more)
        .output()
        .expect("the command runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    let html = std::fs::read_to_string(&page).expect("it was written");
    (folder, page, html)
}

/// The page is XML too, but for its first line.
fn parse(html: &str) -> Document<'_> {
    let xml = html.strip_prefix("<!DOCTYPE html>\n").expect("it is HTML");
    Document::parse(xml).expect("every element is closed")
}

fn all<'a>(page: &'a Document<'_>, name: &'static str) -> impl Iterator<Item = Node<'a, 'a>> {
    let nodes = page.descendants();
    nodes.filter(move |node| node.tag_name().name() == name)
}

#[test]
fn the_page_needs_nothing_else() {
    let (_folder, _, html) = report(Scene::default(), &[]);
    let page = parse(&html);
    for name in ["script", "link", "img", "iframe", "object", "form"] {
        assert_eq!(all(&page, name).count(), 0, "{name}");
    }
    // The name of the language is no address that anybody opens.
    let addresses = html.matches("://").count();
    assert_eq!(
        addresses,
        html.matches("xmlns=\"http://www.w3.org/1999/xhtml\"")
            .count()
    );
    assert!(!html.contains("url(") && !html.contains("@import"));
    for anchor in all(&page, "a") {
        let target = anchor.attribute("href").expect("a link has a target");
        assert!(target.starts_with('#'), "{target}");
    }
    assert!(html.contains("prefers-color-scheme: dark") && html.contains("@media print"));
}

#[test]
fn everything_can_be_reached_and_has_a_name() {
    let (_folder, _, html) = report(Scene::default(), &[]);
    let page = parse(&html);
    let root = page.root_element();
    assert_eq!(root.attribute("lang"), Some("en"));
    let ids: Vec<_> = page
        .descendants()
        .filter_map(|node| node.attribute("id"))
        .collect();
    let unique: BTreeSet<_> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "an id is used twice: {ids:?}");
    for anchor in all(&page, "a") {
        let target = anchor.attribute("href").expect("a link has a target");
        assert!(ids.contains(&&target[1..]), "no {target}");
    }
    for drawing in all(&page, "svg") {
        assert_eq!(drawing.attribute("role"), Some("img"));
        assert!(
            drawing
                .attribute("aria-label")
                .is_some_and(|label| label.len() > 20)
        );
    }
    let regions = page
        .descendants()
        .filter(|node| node.attribute("role") == Some("region"));
    for region in regions {
        assert_eq!(region.attribute("tabindex"), Some("0"));
        let name = region
            .attribute("aria-labelledby")
            .expect("a region has a name");
        assert!(ids.contains(&name));
    }
    for cell in all(&page, "th") {
        assert_eq!(cell.attribute("scope"), Some("col"));
    }
    // Headings go down one level at a time.
    let mut level = 0;
    for node in page.descendants() {
        if let Some(digit) = node.tag_name().name().strip_prefix('h')
            && let Ok(found) = digit.parse::<u32>()
        {
            assert!(found <= level + 1, "h{found} after h{level}");
            level = found;
        }
    }
    let first = all(&page, "a").next().expect("there are links");
    assert_eq!(first.attribute("class"), Some("skip"));
}

#[test]
fn the_page_shows_the_change_the_guidance_and_every_processor() {
    let (_folder, _, html) = report(Scene::default(), &[]);
    for part in [
        "hot-add.etl: processors 2, 3 added",
        "guidance 100 µs",
        "guidance 25 µs",
        "start notification, processor 2",
        "first DPC of dhpnic.sys on processor 3",
        "CPU usage summing by module for the whole trace",
        "DPCs took longer than 100 µs",
    ] {
        assert!(html.contains(part), "no {part:?}");
    }
    let page = parse(&html);
    let titles: Vec<_> = all(&page, "title")
        .filter_map(|title| title.text())
        .collect();
    for cpu in 0..4 {
        let title = format!("CPU {cpu}");
        assert_eq!(
            titles.iter().filter(|text| **text == title).count(),
            2,
            "{title}"
        );
    }
    assert_eq!(all(&page, "h1").count(), 1);
}

#[test]
fn a_name_from_a_trace_is_text_and_nothing_else() {
    let scene = Scene {
        module: "<script>alert(1)<&\u{1b}[2J.sys",
        ..Scene::default()
    };
    let (_folder, _, html) = report(scene, &[]);
    let page = parse(&html);
    assert_eq!(all(&page, "script").count(), 0);
    assert!(html.contains("&lt;script&gt;alert(1)&lt;"));
    assert!(!html.contains('\u{1b}'));
}

#[test]
fn a_trace_without_anything_to_draw_has_a_page_too() {
    let scene = Scene {
        has_kernel_events: false,
        has_driver_events: false,
        has_images: false,
        ..Scene::default()
    };
    let (_folder, _, html) = report(scene, &[]);
    let page = parse(&html);
    assert_eq!(all(&page, "svg").count(), 0);
    assert!(html.contains("no DPC events"));
}

/// In a real browser, if Debian's is installed: on a wide and a narrow screen, and on paper.
#[test]
fn a_browser_shows_the_page() {
    let found = Command::new("chromium").arg("--version").output();
    if !found.is_ok_and(|output| output.status.success()) {
        // Not by a macro: the test harness keeps what those print.
        let mut stderr = std::io::stderr();
        writeln!(stderr, "not shown: chromium is not installed").expect("standard error is open");
        return;
    }
    let (folder, page, _) = report(Scene::default(), &[]);
    let shots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("trace-report");
    std::fs::create_dir_all(&shots).expect("the folder is writable");
    std::fs::copy(&page, shots.join("report.html")).expect("the folder is writable");
    let profile = format!("--user-data-dir={}", text(&folder.path().join("profile")));
    let address = format!("file://{}", text(&page));
    for (name, size, more) in [
        ("light.png", "1280,6200", ""),
        ("dark.png", "1280,6200", "--force-dark-mode"),
        ("narrow.png", "420,9000", ""),
        ("paper.pdf", "", ""),
    ] {
        let file = shots.join(name);
        // What an earlier run left is no proof.
        let _ = std::fs::remove_file(&file);
        let kind = if size.is_empty() {
            "--print-to-pdf"
        } else {
            "--screenshot"
        };
        let mut arguments = vec![
            "--headless".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--hide-scrollbars".to_owned(),
            profile.clone(),
            format!("{kind}={}", text(&file)),
        ];
        if !size.is_empty() {
            arguments.push(format!("--window-size={size}"));
        }
        if !more.is_empty() {
            arguments.push(more.to_owned());
        }
        arguments.push(address.clone());
        let output = Command::new("chromium").args(&arguments).output();
        let output = output.expect("it has run before");
        let errors = String::from_utf8_lossy(&output.stderr);
        let bytes = std::fs::metadata(&file).map_or(0, |file| file.len());
        // An empty page is much smaller.
        assert!(bytes > 30_000, "{name}: {bytes} bytes; {errors}");
    }
}
