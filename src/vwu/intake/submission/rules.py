"""Rules of submission intake; joined into one catalogue by `vwu.intake.rules`.

A cell that cannot be read, or could be read in two ways, is an error: the file is refused as a whole and nothing of it
lands. A figure that is clear but questionable is a warning, and is published with the warning beside it.
"""

from __future__ import annotations

from vwu.intake.model import Severity
from vwu.intake.rules import Rule

_OWNER = "submissions"


def _error(rule_id: str, family: str, text_vi: str, text_en: str) -> Rule:
    return Rule(rule_id, family, Severity.ERROR, _OWNER, text_vi, text_en)


def _warning(rule_id: str, family: str, text_vi: str, text_en: str) -> Rule:
    return Rule(rule_id, family, Severity.WARNING, _OWNER, text_vi, text_en)


def _info(rule_id: str, family: str, text_vi: str, text_en: str) -> Rule:
    return Rule(rule_id, family, Severity.INFO, _OWNER, text_vi, text_en)


_FILE = (
    _error(
        "FILE_MACROS", "file",
        "Tệp {value} chứa macro nên không được nhận. Hãy lưu lại dạng Excel Workbook (.xlsx), không có macro, rồi gửi lại.",
        "The file {value} contains macros and is refused. Save it as an Excel Workbook (.xlsx) without macros and send it again.",
    ),
    _error(
        "FILE_ENCRYPTED", "file",
        "Tệp {value} có mật khẩu mở tệp. Hãy bỏ mật khẩu (Tệp > Thông tin > Bảo vệ sổ tính) rồi gửi lại.",
        "The file {value} has a password to open it. Remove the password (File > Info > Protect Workbook) and send it again.",
    ),
    _error(
        "FILE_TRUNCATED", "file",
        "Tệp {value} bị cắt ngang hoặc hỏng khi gửi. Hãy mở tệp gốc để chắc là còn tốt rồi gửi lại.",
        "The file {value} was cut off or damaged on the way. Open the original to make sure that it is sound and send it again.",
    ),
    _error(
        "FILE_TOO_LARGE", "file",
        "Tệp {value} quá lớn ({detail_vi}) so với một biểu báo cáo. Hãy xóa các dòng, cột, hình ảnh thừa (cả vùng định dạng ở cuối trang tính) rồi gửi lại.",
        "The file {value} is too large ({detail_en}) for a report. Delete surplus rows, columns and pictures (formatted areas at the end of the sheet too) and send it again.",
    ),
    _error(
        "FILE_HOSTILE", "file",
        "Tệp {value} có khai báo DTD mà phần mềm bảng tính không bao giờ ghi ra. Hãy chép số liệu sang biểu mới do `vwu template` tạo rồi gửi lại.",
        "The file {value} declares a document type, which no spreadsheet program writes. Copy the figures into a new form made by `vwu template` and send that.",
    ),
    _warning(
        "FILE_FOREIGN_CONTENT", "file",
        "Tệp {value} có {detail_vi}. Phần đó không được mở, không được cập nhật, không được đọc; số liệu lấy theo giá trị đã lưu trong ô. Hãy bỏ phần đó rồi gửi lại nếu nó có số liệu báo cáo.",
        "The file {value} has {detail_en}. They are not opened, updated or read; figures are taken as stored in the cells. Remove them, and send the file again if they hold figures to report.",
    ),
    _error(
        "FILE_RENAMED", "file",
        "Tệp {value} có đuôi của bảng tính nhưng nội dung không phải bảng tính ({detail_vi}). Hãy mở tệp và lưu lại bằng Lưu thành (.xlsx), đừng đổi đuôi tệp.",
        "The file {value} is named as a workbook but its content is none ({detail_en}). Open it and use Save As (.xlsx) instead of renaming it.",
    ),
)  # fmt: skip

_STRUCTURE = (
    _error(
        "FORM_NOT_FOUND", "structure",
        "Không thấy bảng của biểu BM01 trong {value} (các trang: {sheets}). Dòng tiêu đề phải có Mã chỉ tiêu hoặc Chỉ tiêu và ít nhất một cột số liệu. Hãy dùng biểu do `vwu template` tạo.",
        "The table of form BM01 was not found in {value} (sheets: {sheets}). Its header row needs Mã chỉ tiêu or Chỉ tiêu and at least one column of figures. Use the form that `vwu template` writes.",
    ),
    _error(
        "FORM_SHEET_HIDDEN", "structure",
        "Biểu nằm ở trang bị ẩn {value} nên không được đọc. Hãy bỏ ẩn trang đó, hoặc xóa đi nếu không dùng.",
        "The form is on the hidden sheet {value}, which is not read. Unhide the sheet, or delete it if it is not meant.",
    ),
    _warning(
        "FORM_SHEET_EMPTY", "structure",
        "Trang {value} là biểu BM01 nhưng không có số liệu nào nên không được đọc. Hãy xóa trang đó nếu thừa; nếu đơn vị không phát sinh thì hãy ghi dấu - vào các ô.",
        "Sheet {value} is form BM01 without any figure and was not read. Delete it if it is spare; a branch with nothing to report writes - in the cells.",
    ),
    _error(
        "REPORT_TWICE", "structure",
        "Báo cáo của {value} kỳ {period} có hai lần trong tệp, ở {other} và ở {position}, không biết lấy bản nào. Hãy giữ một bản.",
        "The report of {value} for {period} stands in the file twice, at {other} and at {position}, and which one counts is unclear. Keep one.",
    ),
    _info(
        "SHEET_NOT_READ", "structure",
        "Trang {value} không được đọc; chỉ đọc trang {form_sheet}. Không cần làm gì nếu trang đó chỉ để tham khảo.",
        "Sheet {value} was not read; only {form_sheet} was. Nothing to do if that sheet is only for reference.",
    ),
    _warning(
        "SHEET_HIDDEN_NOT_READ", "structure",
        "Trang bị ẩn {value} không được đọc. Nếu trang đó có số liệu báo cáo, hãy bỏ ẩn và chuyển vào {form_sheet}.",
        "The hidden sheet {value} was not read. If it holds figures to report, unhide it and move them to {form_sheet}.",
    ),
    _error(
        "HEAD_FIELD_MISSING", "structure",
        "Thiếu {column} ở phần đầu biểu. Hãy ghi nhãn {column} ở cột A và giá trị ở ô bên phải.",
        "{column} is missing from the head of the form. Write the label {column} in column A and its value in the cell to the right.",
    ),
    _error(
        "FORM_UNKNOWN", "structure",
        "Mã biểu hoặc phiên bản {value} ở {position} không có. Các biểu nhận được: {known}. Hãy lấy biểu mới bằng `vwu template`.",
        "There is no form or version {value} ({position}). Forms that are accepted: {known}. Get a new form with `vwu template`.",
    ),
    _info(
        "COLUMN_UNKNOWN", "structure",
        "Cột {value} ({position}) không thuộc biểu nên không đọc. Nếu cột đó là số liệu báo cáo, hãy đặt tên cột là một trong: {known}.",
        "Column {value} ({position}) is not part of the form and was not read. If it holds figures to report, name it one of: {known}.",
    ),
    _error(
        "COLUMN_TWICE", "structure",
        "Cột {value} có hai lần ({position}), không biết lấy cột nào. Hãy giữ một cột.",
        "Column {value} stands there twice ({position}), and which one counts is unclear. Keep one.",
    ),
    _error(
        "COLUMN_HIDDEN", "structure",
        "Cột {value} bị ẩn nhưng có số liệu (từ {position}). Hãy bỏ ẩn cột nếu là số liệu báo cáo, hoặc xóa nội dung cột.",
        "Column {value} is hidden but holds figures (from {position}). Unhide it if they are to be reported, or clear it.",
    ),
    _error(
        "ROW_HIDDEN", "structure",
        "Dòng {row} bị ẩn nhưng có số liệu ({position}). Hãy bỏ ẩn dòng nếu là số liệu báo cáo, hoặc xóa nội dung dòng.",
        "Row {row} is hidden but holds figures ({position}). Unhide it if they are to be reported, or clear it.",
    ),
    _warning(
        "ROW_SUBTOTAL", "structure",
        "Dòng {row} là dòng cộng nên không đọc ({position}). Không cần làm gì; tổng được tính lại từ các dòng.",
        "Row {row} is a subtotal and was not read ({position}). Nothing to do; totals are computed from the lines.",
    ),
    _error(
        "ROW_WITHOUT_INDICATOR", "structure",
        "Dòng {row} có số {value} ({position}) nhưng không có mã hay tên chỉ tiêu. Hãy ghi Mã chỉ tiêu, hoặc xóa số đó.",
        "Row {row} holds {value} ({position}) but neither code nor name of an indicator. Fill in Mã chỉ tiêu, or delete the figure.",
    ),
    _error(
        "CELL_MERGED", "structure",
        "Ô gộp {position} phủ nhiều dòng hoặc nhiều cột số liệu, không biết số {value} thuộc ô nào. Hãy bỏ gộp ô và ghi số vào đúng ô.",
        "The merged cell {position} covers several lines or columns of figures, so which one {value} belongs to is unclear. Unmerge it and write the figure where it belongs.",
    ),
    _warning(
        "TEXT_LEGACY", "structure",
        "Có {lines} ô viết bằng bảng mã cũ {encoding}, từ {position}: {value} được đọc là {proposed}. Hãy kiểm tra và gõ bằng Unicode (ví dụ font Times New Roman) lần sau.",
        "{lines} cells are written in the old encoding {encoding}, from {position}: {value} was read as {proposed}. Check it, and type Unicode (font Times New Roman, say) next time.",
    ),
    _error(
        "CSV_ENCODING", "structure",
        "Không rõ bảng mã của tệp CSV (từ {position}; có thể là: {value}). Hãy lưu lại dạng CSV UTF-8 rồi gửi lại.",
        "The encoding of the CSV file is unclear (from {position}; possible: {value}). Save it as CSV UTF-8 and send it again.",
    ),
    _error(
        "CSV_SEPARATOR", "structure",
        "Tệp CSV phải ngăn cột bằng dấu phẩy ({position}). Hãy xuất lại với dấu phẩy; ô có dấu phẩy đặt trong ngoặc kép.",
        "The CSV file must separate its columns by commas ({position}). Export it again with commas, and quote fields that contain one.",
    ),
    _error(
        "CSV_COLUMN_MISSING", "structure",
        "Dòng tiêu đề CSV ({position}) thiếu cột: {value}. Hãy thêm các cột đó đúng tên.",
        "The CSV header ({position}) lacks the columns: {value}. Add them under these names.",
    ),
    _error(
        "CSV_FIELD_COUNT", "structure",
        "Dòng {position} có {found} ô, cần {expected}. Hãy đặt số có dấu phẩy trong ngoặc kép, ví dụ \"2,3 tỷ\".",
        "Line {position} has {found} fields where {expected} are needed. A figure with a comma must be quoted, such as \"2,3 tỷ\".",
    ),
    _error(
        "CSV_LINE_BROKEN", "structure",
        "Không tách được cột từ dòng {position}: {value}. Thường do một dấu ngoặc kép chưa đóng; hãy sửa dòng đó.",
        "The columns cannot be told apart from line {position}: {value}. Mostly a quote was not closed; correct that line.",
    ),
    _error(
        "CSV_NO_LINES", "structure",
        "Tệp CSV {value} không có dòng số liệu nào. Hãy ghi mỗi số liệu một dòng.",
        "The CSV file {value} has no line of figures. Write one figure a line.",
    ),
)  # fmt: skip

_CODES = (
    _error(
        "BRANCH_UNKNOWN", "validity",
        "{position}: không có đơn vị nào mang mã {value}. Hãy ghi đúng mã đơn vị, ví dụ P22 hoặc P22-06895.",
        "{position}: no branch has the code {value}. Write the branch's code, such as P22 or P22-06895.",
    ),
    _warning(
        "BRANCH_BY_NAME", "validity",
        "{position}: theo tên {value}, đơn vị được hiểu là {proposed} ({name}). Lần sau hãy ghi Mã đơn vị.",
        "{position}: by its name {value} the branch was taken as {proposed} ({name}). Write the branch code next time.",
    ),
    _error(
        "BRANCH_AMBIGUOUS", "validity",
        "{position}: tên {value} là tên của nhiều đơn vị: {candidates}. Hãy ghi Mã đơn vị.",
        "{position}: the name {value} is that of several branches: {candidates}. Write the branch code.",
    ),
    _warning(
        "BRANCH_SUCCEEDED", "validity",
        "{position}: {value} ({old}) không còn trong kỳ này; số liệu được tính cho đơn vị kế tiếp {proposed} ({name}). Lần sau hãy ghi {proposed}.",
        "{position}: {value} ({old}) no longer exists in this period; the figures count for its successor {proposed} ({name}). Write {proposed} next time.",
    ),
    _error(
        "BRANCH_NOT_VALID", "validity",
        "{position}: {old} chỉ có từ {start} đến {end}, không có trong kỳ {period}, nên không rõ {value} là đơn vị nào. Hãy ghi mã của đơn vị có trong kỳ: {candidates}.",
        "{position}: {old} existed from {start} to {end} only, not in period {period}, so which branch {value} means is unclear. Write the code of one that exists then: {candidates}.",
    ),
    _warning(
        "BRANCH_NAME_DIFFERS", "consistency",
        "{position}: tên {value} không khớp với mã {branch_code} ({expected}). Hãy kiểm tra lại mã đơn vị.",
        "{position}: the name {value} does not match the code {branch_code} ({expected}). Check the branch code.",
    ),
    _info(
        "BRANCH_CODE_REUSED", "validity",
        "{position}: mã {branch_code} ({name}) từ {start} chỉ một địa bàn khác trước, tuy cùng mã, cùng tên. Số liệu được tính cho địa bàn của ngày {end}; nếu là của địa bàn kia, hãy sửa mã hoặc kỳ.",
        "{position}: since {start} the code {branch_code} ({name}) is another territory than before, with the same code and name. The figures count for the territory of {end}; if they are of the other one, correct the code or the period.",
    ),
    _error(
        "PERIOD_UNKNOWN", "validity",
        "{position}: không có kỳ báo cáo {value}. Hãy ghi như 2024-01, 2024-Q2, 2024-6M, 2024-9M, 2024, T2021-2026-H1 hoặc 2024-04/2024-09.",
        "{position}: there is no period {value}. Write it as 2024-01, 2024-Q2, 2024-6M, 2024-9M, 2024, T2021-2026-H1 or 2024-04/2024-09.",
    ),
    _warning(
        "PERIOD_UNUSUAL", "validity",
        "{position}: kỳ báo cáo ghi {value}, đọc là {proposed}. Lần sau hãy ghi {proposed}.",
        "{position}: the period is written {value} and was read as {proposed}. Write {proposed} next time.",
    ),
    _error(
        "PERIOD_IN_FUTURE", "timeliness",
        "{position}: kỳ {value} bắt đầu ngày {start}, chưa đến nên chưa thể có số thực hiện. Hãy kiểm tra lại kỳ báo cáo; số dự kiến ghi ở cột Kế hoạch.",
        "{position}: period {value} starts on {start}, so there can be no results yet. Check the period; plans belong in the column Kế hoạch.",
    ),
    _warning(
        "PERIOD_NOT_ENDED", "timeliness",
        "{position}: kỳ {value} đến {end} mới kết thúc nên số thực hiện chưa đủ kỳ. Hãy gửi lại sau ngày đó.",
        "{position}: period {value} ends on {end}, so its results are not complete. Send the form again after that day.",
    ),
    _error(
        "HEAD_DATES_CONTRADICT", "consistency",
        "{position}: {value} không thuộc kỳ {period} ({start} đến {end}). Hãy sửa ngày hoặc kỳ báo cáo.",
        "{position}: {value} is outside period {period} ({start} to {end}). Correct the dates or the period.",
    ),
    _warning(
        "HEAD_DATES_DIFFER", "consistency",
        "{position}: {value} khác ngày của kỳ {period} ({start} đến {end}). Số liệu được tính cho kỳ {period}; hãy kiểm tra số đã chốt đúng ngày chưa.",
        "{position}: {value} differs from the dates of period {period} ({start} to {end}). The figures count for {period}; check that they were cut on the right day.",
    ),
    _warning(
        "HEAD_DATE_UNREADABLE", "validity",
        "{position}: không đọc được ngày {value}. Hãy ghi ngày/tháng/năm, ví dụ 14/01/2024.",
        "{position}: the date {value} cannot be read. Write day/month/year, such as 14/01/2024.",
    ),
    _warning(
        "PREPARED_IN_FUTURE", "timeliness",
        "{position}: ngày lập {value} ở tương lai. Hãy sửa ngày lập.",
        "{position}: the date of preparation {value} is in the future. Correct it.",
    ),
    _error(
        "INDICATOR_UNKNOWN", "validity",
        "{position}: không có chỉ tiêu {value}.{hint_vi} Hãy lấy mã từ biểu do `vwu template` tạo.",
        "{position}: there is no indicator {value}.{hint_en} Take the code from the form that `vwu template` writes.",
    ),
    _error(
        "INDICATOR_LABEL_AMBIGUOUS", "validity",
        "{position}: tên {value} khớp với nhiều chỉ tiêu: {candidates}. Hãy ghi Mã chỉ tiêu.",
        "{position}: the name {value} matches several indicators: {candidates}. Fill in Mã chỉ tiêu.",
    ),
    _info(
        "INDICATOR_BY_LABEL", "validity",
        "{position}: dòng không có mã; theo tên {value} được hiểu là {proposed}. Lần sau hãy ghi Mã chỉ tiêu.",
        "{position}: the line has no code; by its name {value} it was taken as {proposed}. Fill in Mã chỉ tiêu next time.",
    ),
    _error(
        "INDICATOR_LABEL_CONTRADICTS", "consistency",
        "{position}: mã {value} nhưng tên ghi là {label}, tức là chỉ tiêu {other}. Hãy sửa mã hoặc tên cho khớp.",
        "{position}: the code is {value} but the name {label} is that of {other}. Make code and name agree.",
    ),
    _error(
        "INDICATOR_NOT_VALID", "validity",
        "{position}: chỉ tiêu {value} không có hiệu lực trong kỳ {period}. Hãy bỏ dòng này hoặc kiểm tra kỳ báo cáo.",
        "{position}: indicator {value} is not in force in period {period}. Leave this line out or check the period.",
    ),
    _error(
        "PROGRAMME_UNKNOWN", "validity",
        "{position}: không có chương trình {value}. Hãy lấy mã từ biểu do `vwu template` tạo.",
        "{position}: there is no programme {value}. Take the code from the form that `vwu template` writes.",
    ),
    _error(
        "PROGRAMME_AMBIGUOUS", "validity",
        "{position}: chỉ tiêu {indicator} có thể thuộc nhiều chương trình: {candidates}. Hãy ghi Mã chương trình.",
        "{position}: indicator {indicator} may belong to several programmes: {candidates}. Fill in Mã chương trình.",
    ),
    _error(
        "PROGRAMME_NOT_VALID", "validity",
        "{position}: chương trình {value} không có hiệu lực trong kỳ {period} ({from_date} đến {to_date}). {hint_vi}",
        "{position}: programme {value} is not in force in period {period} ({from_date} to {to_date}). {hint_en}",
    ),
    _error(
        "PROGRAMME_NOT_OF_BRANCH", "validity",
        "{position}: chương trình {value} là của tỉnh khác, đơn vị {branch} không báo cáo. Hãy bỏ dòng này hoặc sửa mã chương trình.",
        "{position}: programme {value} belongs to another province, so {branch} does not report on it. Leave the line out or correct the programme.",
    ),
    _error(
        "INDICATOR_NOT_OF_PROGRAMME", "consistency",
        "{position}: chỉ tiêu {indicator} không thuộc chương trình {value}; thuộc: {candidates}. Hãy sửa Mã chương trình.",
        "{position}: indicator {indicator} does not belong to programme {value}; it belongs to: {candidates}. Correct Mã chương trình.",
    ),
    _error(
        "SCENARIO_UNKNOWN", "validity",
        "{position}: scenario {value} không có. Hãy ghi actual (thực hiện) hoặc plan (kế hoạch).",
        "{position}: there is no scenario {value}. Write actual or plan.",
    ),
    _error(
        "BASIS_UNKNOWN", "validity",
        "{position}: basis {value} không có. Hãy ghi in_period, year_to_date, programme_to_date hoặc as_of.",
        "{position}: there is no basis {value}. Write in_period, year_to_date, programme_to_date or as_of.",
    ),
    _error(
        "BASIS_NOT_ACCEPTED", "consistency",
        "{position}: chỉ tiêu {indicator} không nhận số ở cột {column}; hãy chuyển số {value} sang cột: {accepted}.",
        "{position}: indicator {indicator} takes no figure in column {column}; move {value} to: {accepted}.",
    ),
    _error(
        "UNIT_DIFFERS", "consistency",
        "{position}: đơn vị tính ghi {value} nhưng chỉ tiêu {indicator} tính bằng {unit}. Hãy ghi số theo {unit}, hoặc kiểm tra mã chỉ tiêu.",
        "{position}: the unit is written {value} but indicator {indicator} is counted as: {unit_en} ({unit}). Give the figure so, or check the indicator's code.",
    ),
    _warning(
        "UNIT_UNKNOWN", "consistency",
        "{position}: không nhận ra đơn vị tính {value}; số được hiểu theo đơn vị của chỉ tiêu {indicator} là {unit}. Hãy ghi {unit}.",
        "{position}: the unit {value} is not known; the figure was taken in the unit of indicator {indicator}: {unit_en}. Write {unit}.",
    ),
)  # fmt: skip

_VALUES = (
    _error(
        "VALUE_NOT_A_NUMBER", "validity",
        "{position}: {value} không phải là số. Hãy ghi số; để trống nếu chưa có số liệu, ghi - nếu không có, x nếu không áp dụng.",
        "{position}: {value} is not a number. Write a number; leave the cell empty if there is no figure yet, - for nothing, x for not applicable.",
    ),
    _error(
        "VALUE_NUMBER_FORM", "validity",
        "{position}: dấu chấm, dấu phẩy trong {value} không tạo thành số nào. Hãy ghi như 2.238 hoặc 2,3 tỷ.",
        "{position}: the dots and commas of {value} make no number. Write it as 2.238 or 2,3 tỷ.",
    ),
    _error(
        "VALUE_AMBIGUOUS", "validity",
        "{position}: {value} có hai cách đọc: {first} hoặc {second}. Hãy ghi đủ chữ số cách đúng.",
        "{position}: {value} can be read in two ways: {first} or {second}. Write the right one in full digits.",
    ),
    _error(
        "VALUE_FRACTION", "validity",
        "{position}: {value} không thể là số {unit}, vì {unit} là số nguyên. Có thể dấu chấm ngăn nghìn đã thành dấu thập phân, hoặc thiếu chữ nghìn, triệu, tỷ. Hãy ghi lại số đầy đủ.",
        "{position}: {value} cannot be a number of: {unit_en}, which are counted whole. A thousands dot may have become a decimal mark, or nghìn, triệu or tỷ was left out. Write the whole number.",
    ),
    _error(
        "VALUE_COMPOSITE", "validity",
        "{position}: {value} gồm nhiều số: {parts}. Mỗi ô một số: hãy ghi mỗi số vào dòng chỉ tiêu của nó.",
        "{position}: {value} holds several numbers: {parts}. One cell, one number: write each on the line of its indicator.",
    ),
    _error(
        "VALUE_DATE", "validity",
        "{position}: ô này là ngày tháng {value}, có lẽ Excel đã đổi từ {original} (số thứ tự của ngày: {serial}). Hãy định dạng ô là Text rồi ghi lại số.",
        "{position}: this cell holds the date {value}; Excel probably made it from {original} (the date's serial number: {serial}). Format the cell as Text and write the number again.",
    ),
    _error(
        "VALUE_ERROR_CELL", "validity",
        "{position}: ô này là lỗi công thức {value}. Hãy ghi số vào ô thay cho công thức.",
        "{position}: this cell is the formula error {value}. Write the number in place of the formula.",
    ),
    _error(
        "VALUE_FORMULA_EMPTY", "validity",
        "{position}: ô này là công thức chưa có kết quả được lưu. Hãy mở tệp bằng Excel, lưu lại, hoặc ghi số thay cho công thức.",
        "{position}: this cell is a formula with no stored result. Open the file in Excel and save it, or write the number in place of the formula.",
    ),
    _error(
        "VALUE_LOGICAL", "validity",
        "{position}: ô này là giá trị đúng/sai {value}, không phải số. Hãy ghi số.",
        "{position}: this cell holds the logical value {value}, not a number. Write a number.",
    ),
    _error(
        "VALUE_NEGATIVE", "validity",
        "{position}: {value} là số âm; số liệu báo cáo không âm. Hãy ghi số không âm, hoặc - nếu không có.",
        "{position}: {value} is negative; reported figures are not. Write a figure that is not negative, or - for nothing.",
    ),
    _error(
        "VALUE_SCIENTIFIC", "validity",
        "{position}: {value} là dạng số rút gọn nên có thể đã mất chữ số. Hãy ghi đủ mọi chữ số.",
        "{position}: {value} is scientific notation, in which digits may be lost. Write all digits.",
    ),
    _error(
        "VALUE_UNIT_MISMATCH", "consistency",
        "{position}: ô ghi {written} nhưng chỉ tiêu tính bằng {unit}. Hãy ghi số tính bằng {unit}, hoặc chuyển số sang chỉ tiêu đúng.",
        "{position}: the cell says {written} but the indicator is counted as: {unit_en} ({unit}). Give the figure so, or move it to the right indicator.",
    ),
    _error(
        "VALUE_WORDS", "validity",
        "{position}: không hiểu chữ {words} trong ô {value}. Hãy chỉ ghi số, đơn vị và một từ như trên, gần, khoảng, từ … trở lên; phần khác ghi ở Ghi chú.",
        "{position}: the words {words} in {value} are not understood. Write only the number, its unit and one word such as trên, gần, khoảng, từ … trở lên; anything else goes to Ghi chú.",
    ),
    _error(
        "VALUE_TOO_LONG", "validity",
        "{position}: ô này là một đoạn văn, không phải số. Hãy ghi số ở đây và chuyển lời vào Ghi chú.",
        "{position}: this cell holds a text, not a figure. Write the figure here and move the words to Ghi chú.",
    ),
    _error(
        "VALUE_TOO_LARGE", "validity",
        "{position}: {value} lớn quá mức có thể. Hãy kiểm tra số chữ số và đơn vị.",
        "{position}: {value} is larger than any figure can be. Check the digits and the unit.",
    ),
    _warning(
        "VALUE_UNUSUAL", "validity",
        "{position}: {value} ghi khác cách thường dùng, được đọc là {amount}, cách đọc duy nhất. Lần sau hãy ghi {amount}.",
        "{position}: {value} is written in an unusual way and was read as {amount}, the only possible reading. Write {amount} next time.",
    ),
    _warning(
        "VALUE_UNKNOWN_WORD", "validity",
        "{position}: không nhận ra chữ {word} sau số; số được hiểu theo {unit}. Hãy ghi {unit} hoặc chỉ ghi số.",
        "{position}: the word {word} behind the number is not known; the figure was taken as: {unit_en}. Write {unit}, or the number alone.",
    ),
    _warning(
        "VALUE_SCALED", "validity",
        "{position}: theo đơn vị tính đã ghi, {value} được hiểu là {amount}. Hãy kiểm tra; ghi cả đơn vị trong ô thì rõ hơn.",
        "{position}: by the unit that the line states, {value} was taken as {amount}. Check it; a unit in the cell itself is clearer.",
    ),
)  # fmt: skip

_ACROSS = (
    _error(
        "VALUE_TWICE", "consistency",
        "{position}: {indicator} của chương trình {programme} đã có số ở {other}. Mỗi chỉ tiêu một dòng: hãy xóa một trong hai.",
        "{position}: {indicator} of programme {programme} already has a figure at {other}. One line an indicator: delete one of the two.",
    ),
    _error(
        "CHILD_OVER_PARENT", "consistency",
        "{position}: {child_vi} là {value}, lớn hơn {parent_vi} ({parent_value} ở {other}) dù là một phần của nó. Hãy sửa một trong hai số.",
        "{position}: {child_en} is {value}, more than {parent_en} ({parent_value} at {other}) of which it is a part. Correct one of the two.",
    ),
    _error(
        "TARGETS_OVER_TOTAL", "consistency",
        "{position}: số chỉ tiêu vượt và đạt cộng lại là {sum}, lớn hơn tổng số {total} chỉ tiêu. Chỉ tiêu vượt không tính trong chỉ tiêu đạt; hãy sửa lại.",
        "{position}: targets exceeded and met add up to {sum}, more than the {total} targets there are. An exceeded target does not count as met too; correct the figures.",
    ),
    _warning(
        "CLAIM_NOT_COVERED", "reconciliation",
        "{position}: số công bố {value} không khớp các số thành phần ({parts}, cộng lại {sum}), lệch ít nhất {difference}. Hãy giải trình hoặc sửa lại; cả hai số đều được giữ.",
        "{position}: the claim {value} is not met by its components ({parts}, together {sum}); they differ by at least {difference}. Explain or correct; both are kept as reported.",
    ),
    _warning(
        "RATIO_WITHOUT_BASE", "plausibility",
        "{position}: tỷ lệ {value} không có đủ tử số và mẫu số trong báo cáo nên không thể cộng gộp hay kiểm tra. Hãy báo cáo cả {numerator_vi} và {denominator_vi}.",
        "{position}: the ratio {value} comes without its numerator or denominator, so it can be neither rolled up nor checked. Report both {numerator_en} and {denominator_en}.",
    ),
    _warning(
        "RATIO_DIFFERS", "reconciliation",
        "{position}: tỷ lệ {value} khác {computed} tính từ tử số và mẫu số trong cùng báo cáo. Hãy sửa một trong ba số.",
        "{position}: the ratio {value} differs from {computed}, computed from the numerator and denominator of the same report. Correct one of the three.",
    ),
    _warning(
        "RATIO_OVER_HUNDRED", "plausibility",
        "{position}: tỷ lệ {value} lớn hơn 100% dù tử số là một phần của mẫu số. Hãy kiểm tra lại.",
        "{position}: the ratio {value} is over 100% although its numerator is a part of its denominator. Check it.",
    ),
    _warning(
        "MEASURE_UNDETERMINED", "consistency",
        "{position}: số {value} được giữ nhưng chưa đưa vào tổng hợp: {reason_vi} Hãy ghi rõ ở Ghi chú và báo Trung ương Hội.",
        "{position}: {value} is kept but held out of every roll-up: {reason_en} Say which in Ghi chú and tell the central Union.",
    ),
    _error(
        "NOTHING_REPORTED", "structure",
        "Biểu {position} chưa ghi số liệu nào. Nếu trong kỳ không phát sinh, hãy ghi - vào các chỉ tiêu rồi gửi lại.",
        "The form {position} holds no figure at all. If nothing happened in the period, write - for the indicators and send it again.",
    ),
    _error(
        "NOTE_HAS_IDENTITY", "privacy",
        "{position}, {column}: có số định danh cá nhân hoặc số điện thoại. Hãy xóa số đó; biểu này không nhận thông tin cá nhân.",
        "{position}, {column}: a citizen's identity number or a telephone number stands there. Delete it; this form takes no personal data.",
    ),
)  # fmt: skip

# Rules that need what the branch, or its peers, reported before: `history.py` applies them.
HISTORY_RULES: tuple[Rule, ...] = (
    _error(
        "CUMULATIVE_FELL", "consistency",
        "{position}: lũy kế chương trình của {indicator} kỳ {later_period} là {later}, thấp hơn {earlier} của kỳ {earlier_period}; số lũy kế không giảm. Hãy sửa số, hoặc ghi \"đính chính\" và lý do ở Ghi chú nếu số trước sai.",
        "{position}: the programme-to-date figure of {indicator} is {later} for {later_period}, below {earlier} for {earlier_period}; a cumulative figure never falls. Correct it, or write \"đính chính\" (correction) and the reason in Ghi chú if the earlier figure was wrong.",
    ),
    _error(
        "YEAR_TO_DATE_FELL", "consistency",
        "{position}: lũy kế năm của {indicator} kỳ {later_period} là {later}, thấp hơn {earlier} của kỳ {earlier_period} trong cùng năm. Hãy sửa số, hoặc ghi \"đính chính\" và lý do ở Ghi chú nếu số trước sai.",
        "{position}: the year-to-date figure of {indicator} is {later} for {later_period}, below {earlier} for {earlier_period} of the same year. Correct it, or write \"đính chính\" (correction) and the reason in Ghi chú if the earlier figure was wrong.",
    ),
    _warning(
        "CUMULATIVE_CORRECTED", "consistency",
        "{position}: lũy kế của {indicator} giảm từ {earlier} ({earlier_period}) xuống {later} ({later_period}) và được ghi là đính chính. Hãy gửi lại biểu của kỳ sai nếu cần.",
        "{position}: the figure to date of {indicator} falls from {earlier} ({earlier_period}) to {later} ({later_period}) and is noted as a correction. Send the period that was wrong again if need be.",
    ),
    _warning(
        "CUMULATIVE_DIFFERS", "reconciliation",
        "{position}: lũy kế {value} của {indicator} không bằng lũy kế trước {before} (trước kỳ {before_period}) cộng trong kỳ {added} = {computed}. Hãy kiểm tra số trong kỳ và lũy kế.",
        "{position}: the figure to date {value} of {indicator} is not the one before, {before} (at {before_period}), plus {added} in the period = {computed}. Check both.",
    ),
    _warning(
        "PERIODS_NOT_THE_SUM", "reconciliation",
        "{position}: {indicator} là {value} nhưng các kỳ {periods} cộng lại là {computed}. Hãy kiểm tra, gửi lại kỳ sai hoặc giải trình.",
        "{position}: {indicator} is {value} but the periods {periods} add up to {computed}. Check, send the wrong period again, or explain.",
    ),
    _warning(
        "BRANCHES_NOT_THE_SUM", "reconciliation",
        "{position}: {indicator} là {value} nhưng {branches}/{expected} đơn vị trực thuộc đã báo cáo cộng lại là {computed}. Hãy kiểm tra, gửi lại báo cáo sai hoặc giải trình.",
        "{position}: {indicator} is {value} but {branches} of {expected} branches below have reported {computed} together. Check, send the wrong report again, or explain.",
    ),
    _warning(
        "COPY_OF_LAST_PERIOD", "plausibility",
        "{position}: cả {count} số trong kỳ giống hệt kỳ trước, có lẽ chép lại biểu cũ. Hãy kiểm tra và gửi số của kỳ này.",
        "{position}: all {count} figures of the period are those of the period before; perhaps the old form was copied. Check and send this period's figures.",
    ),
    _warning(
        "UNIT_SLIP", "plausibility",
        "{position}: {value} của {indicator} lệch khoảng {factor} lần so với mức thường {usual} ({points} kỳ trước); có lẽ sai đơn vị, số đúng là {proposed}? Hãy kiểm tra nghìn, triệu, tỷ.",
        "{position}: {value} of {indicator} is about {factor} times off its usual {usual} ({points} periods before); perhaps the unit slipped and {proposed} is meant? Check nghìn, triệu, tỷ.",
    ),
    _warning(
        "FAR_FROM_HISTORY", "plausibility",
        "{position}: {value} của {indicator} khác xa mức thường {usual} của đơn vị (so {points} kỳ trước, trong đó {seasons} kỳ cùng mùa năm trước). Hãy kiểm tra hoặc giải trình.",
        "{position}: {value} of {indicator} is far from the branch's usual {usual} (of {points} periods before, {seasons} of them in the same season). Check or explain.",
    ),
    _warning(
        "FAR_FROM_PEERS", "plausibility",
        "{position}: {value} của {indicator} khác xa mức {usual} của {peers} đơn vị cùng cấp, cùng quy mô hội viên. Hãy kiểm tra hoặc giải trình.",
        "{position}: {value} of {indicator} is far from {usual}, the middle of {peers} branches of the same level and size. Check or explain.",
    ),
)  # fmt: skip

SUBMISSION_RULES: tuple[Rule, ...] = (*_FILE, *_STRUCTURE, *_CODES, *_VALUES, *_ACROSS, *HISTORY_RULES)
