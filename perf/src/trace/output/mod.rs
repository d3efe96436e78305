//! The report, as text, tables, or a page.

pub mod csv;
pub mod html;
pub mod table;
pub mod tables;
pub mod text;
