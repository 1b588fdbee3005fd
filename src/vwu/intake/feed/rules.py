"""Rules of feed intake (INTERFACES 3, DOMAIN C.5); joined into one catalogue by `vwu.intake.rules`.

The principle of severity: what makes the figures themselves untrustworthy is an error and refuses the feed whole:
control totals, structure, arithmetic, identity, codes that name nothing. What is a matter of lending policy, or of two
files that tell different stories of which either may be right, is a warning and travels beside the figure: ceilings,
rates, group size, an outdated code system, loans against groups. A man who borrows through a women's group is counted.

Texts may use {at_vi} and {at_en}: the lines concerned (the first 100, and how many there are).
"""

from __future__ import annotations

from vwu.intake.model import Severity
from vwu.intake.rules import Rule

OWNER = "bank feeds"


def _error(rule_id: str, family: str, text_vi: str, text_en: str) -> Rule:
    return Rule(rule_id, family, Severity.ERROR, OWNER, text_vi, text_en)


def _warning(rule_id: str, family: str, text_vi: str, text_en: str) -> Rule:
    return Rule(rule_id, family, Severity.WARNING, OWNER, text_vi, text_en)


_FILE_RULES = (
    _error(
        "FEED_CONTROL_MISSING", "file",
        "Tệp {value} không có bản đối chiếu. Hãy gửi kèm tệp {proposed}.",
        "File {value} has no control record. Send {proposed} with it.",
    ),
    _error(
        "FEED_CONTROL_UNREADABLE", "file",
        "Không đọc được bản đối chiếu {position}: {detail}. Hãy lập lại tệp JSON theo mẫu và gửi lại.",
        "The control record {position} cannot be read: {detail}. Write the JSON anew and send it again.",
    ),
    _error(
        "FEED_CONTROL_INVALID", "file",
        "Bản đối chiếu {position}: mục {column} có giá trị không hợp lệ ({value}); cần {wanted_vi}.",
        "Control record {position}: {column} is not valid ({value}); it must be {wanted_en}.",
    ),
    _error(
        "FEED_FILE_NAME", "control",
        "Bản đối chiếu ghi tên tệp {value} nhưng tệp nhận được là {proposed}. Hãy gửi đúng cặp tệp.",
        "The control record names file {value} but the file received is {proposed}. Send the pair that belongs together.",
    ),
    _error(
        "FEED_SHA256", "control",
        "Tệp không đúng từng byte với bản đối chiếu (sha256 ghi {value}, thực tế {proposed}): tệp hỏng khi truyền hoặc đã bị sửa. Hãy gửi lại.",
        "The file is not byte for byte the one in the control record (sha256 stated {value}, found {proposed}): damaged in transfer or edited. Send it again.",
    ),
    _error(
        "FEED_ROW_COUNT", "control",
        "Bản đối chiếu ghi {value} dòng nhưng tệp có {proposed} dòng. Hãy xuất lại tệp cùng bản đối chiếu.",
        "The control record states {value} lines but the file has {proposed}. Export the file and its control record again.",
    ),
    _error(
        "FEED_SUM", "control",
        "Tổng {column}: bản đối chiếu ghi {value}, cộng từ tệp được {proposed}, lệch {difference} đồng. Hãy tìm dòng sai hoặc xuất lại.",
        "Sum of {column}: the control record states {value}, the lines add up to {proposed}, {difference} đồng apart. Find the wrong line or export again.",
    ),
    _error(
        "FEED_DISTINCT", "control",
        "{column}: bản đối chiếu ghi {value}, đếm từ tệp được {proposed}. Hãy xuất lại tệp cùng bản đối chiếu.",
        "{column}: the control record states {value}, the file has {proposed}. Export the file and its control record again.",
    ),
    _error(
        "FEED_BANK_UNKNOWN", "validity",
        "Mã ngân hàng {value} không có trong danh mục. Hãy kiểm tra mã, hoặc đăng ký ngân hàng trước khi gửi.",
        "Bank code {value} is not in the catalogue. Check the code, or register the bank before sending.",
    ),
    _error(
        "FEED_AS_OF_NOT_MONTH_END", "timeliness",
        "Ngày số liệu {value} không phải ngày cuối tháng; ngày cuối tháng đó là {proposed}.",
        "The as-of date {value} is not a month end; that month ends on {proposed}.",
    ),
    _error(
        "FEED_AS_OF_FUTURE", "timeliness",
        "Ngày số liệu {value} còn ở tương lai. Hãy kiểm tra as_of_date.",
        "The as-of date {value} is in the future. Check as_of_date.",
    ),
)  # fmt: skip

_STRUCTURE_RULES = (
    _error(
        "FEED_COLUMN_MISSING", "structure",
        "{position}: thiếu cột {column}. Dòng tiêu đề phải có đúng các cột của loại tệp này.",
        "{position}: column {column} is missing. The header must have exactly the columns of this kind of feed.",
    ),
    _error(
        "FEED_COLUMN_UNKNOWN", "structure",
        "{position}: cột {column} không thuộc loại tệp này. Hãy bỏ cột hoặc sửa tên.",
        "{position}: column {column} does not belong to this kind of feed. Remove it or correct its name.",
    ),
    _error(
        "FEED_COLUMN_REPEATED", "structure",
        "{position}: cột {column} xuất hiện hơn một lần.",
        "{position}: column {column} stands there more than once.",
    ),
    _error(
        "FEED_LINE_WIDTH", "structure",
        "{at_vi}: số ô không đúng (có {value}, cần {proposed}). Thường do dấu phẩy trong một ô không đặt trong ngoặc kép.",
        "{at_en}: wrong number of cells ({value} instead of {proposed}). Often a comma in a cell that is not in quotes.",
    ),
    _error(
        "FEED_LINE_EMPTY", "structure",
        "{at_vi}: dòng trống ở giữa tệp. Hãy xóa.",
        "{at_en}: an empty line inside the file. Remove it.",
    ),
    _error(
        "FEED_LINE_BROKEN", "structure",
        "{at_vi}: ngoặc kép không khép hoặc có xuống dòng trong ô. Mỗi bản ghi phải nằm trên một dòng.",
        "{at_en}: a quote that does not close, or a line break inside a cell. Each record must be on one line.",
    ),
    _error(
        "FEED_ENCODING", "structure",
        "{at_vi}: ký tự không phải UTF-8. Hãy xuất tệp bằng bảng mã UTF-8.",
        "{at_en}: characters that are not UTF-8. Export the file as UTF-8.",
    ),
    _error(
        "FEED_COMPRESSION", "structure",
        "Không giải nén được tệp {value}: tệp bị cắt hoặc hỏng. Hãy nén và gửi lại.",
        "File {value} cannot be decompressed: it is cut short or damaged. Compress and send it again.",
    ),
    _error(
        "FEED_UNREADABLE", "structure",
        "Không đọc được tệp {value} như CSV (UTF-8, dấu phẩy, ngoặc kép). Hãy xuất lại.",
        "File {value} cannot be read as CSV (UTF-8, comma, double quotes). Export it again.",
    ),
    _error(
        "FEED_LINE_BANK", "structure",
        "{at_vi}: mã ngân hàng {value} khác bản đối chiếu ({proposed}).",
        "{at_en}: bank code {value} differs from the control record ({proposed}).",
    ),
    _error(
        "FEED_LINE_AS_OF", "structure",
        "{at_vi}: ngày số liệu {value} khác bản đối chiếu ({proposed}).",
        "{at_en}: as-of date {value} differs from the control record ({proposed}).",
    ),
)  # fmt: skip

_CELL_RULES = (
    _error(
        "FEED_CELL_MISSING", "validity",
        "{at_vi}: ô {column} trống; cột này bắt buộc.",
        "{at_en}: {column} is empty; this column is required.",
    ),
    _error(
        "FEED_CELL_AMOUNT", "validity",
        "{at_vi}: {column} = “{value}” không phải số đồng nguyên (chỉ chữ số, không dấu chấm, phẩy hay chữ).",
        "{at_en}: {column} = “{value}” is not whole đồng (digits only, no dots, commas or words).",
    ),
    _error(
        "FEED_CELL_COUNT", "validity",
        "{at_vi}: {column} = “{value}” không phải số nguyên không âm.",
        "{at_en}: {column} = “{value}” is not a whole number of zero or more.",
    ),
    _error(
        "FEED_CELL_NEGATIVE", "validity",
        "{at_vi}: {column} = {value} là số âm; chỉ cột transferred được âm.",
        "{at_en}: {column} = {value} is negative; only transferred may be.",
    ),
    _error(
        "FEED_CELL_DATE", "validity",
        "{at_vi}: {column} = “{value}” không phải ngày dạng 2024-01-31.",
        "{at_en}: {column} = “{value}” is not a date like 2024-01-31.",
    ),
    _error(
        "FEED_CELL_RATE", "validity",
        "{at_vi}: {column} = “{value}” không phải lãi suất dạng 6.6 (%/năm, dấu chấm thập phân, từ 0 đến 100).",
        "{at_en}: {column} = “{value}” is not a rate like 6.6 (per cent a year, decimal point, 0 to 100).",
    ),
    _error(
        "FEED_CELL_CODE", "validity",
        "{at_vi}: {column} = “{value}” không thuộc danh sách: {proposed}.",
        "{at_en}: {column} = “{value}” is not one of: {proposed}.",
    ),
    _error(
        "FEED_PROGRAMME_UNKNOWN", "validity",
        "{at_vi}: chương trình tín dụng {value} không có trong danh mục vào ngày số liệu.",
        "{at_en}: credit programme {value} is not in the catalogue at the as-of date.",
    ),
    _error(
        "FEED_COMMUNE_UNKNOWN", "validity",
        "{at_vi}: mã xã {value} không có trong hệ mã đã ghi. Hãy kiểm tra mã (5 chữ số, giữ số 0 đầu) và commune_code_system.",
        "{at_en}: commune code {value} does not exist in the code system stated. Check the code (5 digits, leading zeros kept) and commune_code_system.",
    ),
    _error(
        "FEED_CODE_SYSTEM_EARLY", "validity",
        "{at_vi}: hệ mã {value} chưa có vào ngày số liệu; trước 01/07/2025 dùng {proposed}.",
        "{at_en}: code system {value} did not exist at the as-of date; before 2025-07-01 use {proposed}.",
    ),
    _warning(
        "FEED_CODE_SYSTEM_OLD", "validity",
        "{at_vi}: còn dùng hệ mã cũ {value} sau 01/07/2025. Hãy chuyển sang {proposed}.",
        "{at_en}: still the old code system {value} after 2025-07-01. Move to {proposed}.",
    ),
)  # fmt: skip

_LOAN_RULES = (
    _error(
        "LOAN_ID_REPEATED", "structure",
        "{at_vi}: khế ước {value} xuất hiện hơn một lần. Mỗi khế ước chỉ một dòng mỗi tháng.",
        "{at_en}: loan {value} stands there more than once. One line a loan and month.",
    ),
    _error(
        "LOAN_BALANCE_ARITHMETIC", "consistency",
        "{at_vi}: closing_balance {value} ≠ đầu kỳ + cho vay − thu nợ − xóa nợ + chuyển = {proposed}.",
        "{at_en}: closing_balance {value} ≠ opening + lent − collected − written off + transferred = {proposed}.",
    ),
    _error(
        "LOAN_OVERDUE_FROZEN_OVER_BALANCE", "consistency",
        "{at_vi}: quá hạn + khoanh = {value} lớn hơn dư nợ {proposed}.",
        "{at_en}: overdue + frozen = {value} is more than the balance {proposed}.",
    ),
    _error(
        "LOAN_FINAL_STATUS_BALANCE", "consistency",
        "{at_vi}: trạng thái kết thúc (paid, written_off) nhưng còn dư nợ {value}.",
        "{at_en}: a final status (paid, written_off), yet a balance of {value}.",
    ),
    _warning(
        "LOAN_OVERDUE_DAYS", "plausibility",
        "{at_vi}: overdue_days {value} không khớp với overdue (có nợ quá hạn thì có số ngày, không có thì bằng 0).",
        "{at_en}: overdue_days {value} does not go with overdue (days where something is overdue, else 0).",
    ),
    _warning(
        "LOAN_BALANCE_OVER_APPROVED", "plausibility",
        "{at_vi}: dư nợ {value} lớn hơn số tiền duyệt {proposed}.",
        "{at_en}: balance {value} is more than the approved amount {proposed}.",
    ),
    _warning(
        "LOAN_APPROVED_OVER_CEILING", "plausibility",
        "{at_vi}: số tiền duyệt {value} lớn hơn mức tối đa {proposed} của chương trình vào ngày số liệu.",
        "{at_en}: approved amount {value} is more than the programme's ceiling {proposed} at the as-of date.",
    ),
    _warning(
        "LOAN_RATE_NOT_IN_TABLE", "plausibility",
        "{at_vi}: lãi suất {value} %/năm không có trong biểu lãi suất của chương trình vào ngày số liệu ({proposed}).",
        "{at_en}: {value} % a year is not a rate of the programme at the as-of date ({proposed}).",
    ),
    _error(
        "LOAN_CITIZEN_ID_LOST_ZERO", "validity",
        "{at_vi}: số định danh {value} có 11 chữ số: có lẽ mất số 0 ở đầu. Hãy xuất cột này dạng chữ.",
        "{at_en}: citizen id {value} has 11 digits: a leading zero was probably lost. Export this column as text.",
    ),
    _error(
        "LOAN_CITIZEN_ID_FORM", "validity",
        "{at_vi}: số định danh {value} không đủ 12 chữ số (CMND cũ 9 số không dùng được).",
        "{at_en}: citizen id {value} does not have 12 digits (the old 9-digit card cannot be used).",
    ),
    _error(
        "LOAN_CITIZEN_ID_PREFIX", "validity",
        "{at_vi}: số định danh {value} có 3 số đầu không phải mã tỉnh nơi đăng ký khai sinh.",
        "{at_en}: citizen id {value} does not begin with a province code of birth registration.",
    ),
    _error(
        "LOAN_CITIZEN_ID_CENTURY", "validity",
        "{at_vi}: số định danh {value} có chữ số thứ tư không phải 0–3 (giới tính và thế kỷ sinh).",
        "{at_en}: the fourth digit of citizen id {value} is not 0 to 3 (sex and century of birth).",
    ),
    _error(
        "LOAN_CODE_IS_IDENTITY", "privacy",
        "{at_vi}: {column} chứa số định danh hoặc họ tên của chính người vay. Mã không được nói lên người vay là ai: hãy xuất lại tệp với mã khác.",
        "{at_en}: {column} holds the borrower's own citizen id or name. A code must not say who the borrower is: export the file with another code.",
    ),
    _error(
        "LOAN_CUSTOMER_CITIZEN_IDS", "consistency",
        "{at_vi}: khách hàng {value} có hơn một số định danh.",
        "{at_en}: customer {value} has more than one citizen id.",
    ),
    _error(
        "LOAN_CITIZEN_CUSTOMERS", "consistency",
        "{at_vi}: số định danh {value} thuộc hơn một mã khách hàng.",
        "{at_en}: citizen id {value} belongs to more than one customer.",
    ),
    _error(
        "LOAN_GROUP_ORGANISATIONS", "consistency",
        "{at_vi}: tổ {value} thuộc hơn một tổ chức hội.",
        "{at_en}: group {value} belongs to more than one organisation.",
    ),
    _error(
        "LOAN_GROUP_COMMUNES", "consistency",
        "{at_vi}: tổ {value} nằm ở hơn một xã.",
        "{at_en}: group {value} lies in more than one commune.",
    ),
    Rule(
        "LOAN_BORROWER_MALE", "plausibility", Severity.INFO, OWNER,
        "{value} khoản vay qua Hội đứng tên nam giới: được tính vào vay qua Hội, không tính vào khách hàng nữ.",
        "{value} loans through the Union stand in a man's name: counted as lending through the Union, not as women borrowers.",
    ),
)  # fmt: skip

_GROUP_RULES = (
    _error(
        "GROUP_ID_REPEATED", "structure",
        "{at_vi}: tổ {value} xuất hiện hơn một lần. Mỗi tổ chỉ một dòng mỗi tháng.",
        "{at_en}: group {value} stands there more than once. One line a group and month.",
    ),
    _warning(
        "GROUP_SIZE", "plausibility",
        "{at_vi}: tổ có {value} thành viên; quy định từ 5 đến 60 (QĐ 15/QĐ-HĐQT).",
        "{at_en}: the group has {value} members; the rule is 5 to 60 (QĐ 15/QĐ-HĐQT).",
    ),
    _error(
        "GROUP_CODE_IS_IDENTITY", "privacy",
        "{at_vi}: mã tổ, xếp loại hoặc mã tổ nhận sáp nhập là họ tên tổ trưởng. Hãy xuất lại tệp với mã.",
        "{at_en}: the group's code, its rating or the group it was merged into is the leader's name. Export the file with the code.",
    ),
    _error(
        "GROUP_BORROWERS_OVER_MEMBERS", "consistency",
        "{at_vi}: {value} người còn dư nợ, nhiều hơn {proposed} thành viên.",
        "{at_en}: {value} borrowers, more than the {proposed} members.",
    ),
    _error(
        "GROUP_OVERDUE_FROZEN_OVER_BALANCE", "consistency",
        "{at_vi}: quá hạn + khoanh = {value} lớn hơn dư nợ {proposed}.",
        "{at_en}: overdue + frozen = {value} is more than the balance {proposed}.",
    ),
    _error(
        "SUMMARY_LINE_REPEATED", "structure",
        "{at_vi}: xã, tổ chức và chương trình {value} xuất hiện hơn một lần.",
        "{at_en}: commune, organisation and programme {value} stand there more than once.",
    ),
    _error(
        "SUMMARY_HOUSEHOLDS_OVER_LOANS", "consistency",
        "{at_vi}: {value} hộ, nhiều hơn {proposed} khoản vay.",
        "{at_en}: {value} households, more than the {proposed} loans.",
    ),
    _error(
        "SUMMARY_OVERDUE_FROZEN_OVER_BALANCE", "consistency",
        "{at_vi}: quá hạn + khoanh = {value} lớn hơn dư nợ {proposed}.",
        "{at_en}: overdue + frozen = {value} is more than the balance {proposed}.",
    ),
)  # fmt: skip

_HISTORY_RULES = (
    _error(
        "LOAN_OPENING_DIFFERS", "reconciliation",
        "{at_vi}: opening_balance {value} ≠ dư nợ cuối tháng trước {proposed} của khế ước đó.",
        "{at_en}: opening_balance {value} ≠ the loan's closing balance of the month before, {proposed}.",
    ),
    _error(
        "LOAN_VANISHED", "reconciliation",
        "{position}: {lines} khế ước còn dư nợ tháng trước không còn trong tệp mà chưa có trạng thái kết thúc (paid, written_off): {value}.",
        "{position}: {lines} loans of the month before are gone without a final status (paid, written_off): {value}.",
    ),
    _error(
        "FEED_OPENING_SUM", "reconciliation",
        "Tổng opening_balance {value} ≠ dư nợ cuối tháng trước {proposed}.",
        "The sum of opening_balance {value} ≠ the closing balance of the month before {proposed}.",
    ),
    _error(
        "FEED_PREVIOUS_SUM", "reconciliation",
        "Bản đối chiếu ghi dư nợ cuối tháng trước {value}; tệp tháng trước đang có hiệu lực là {proposed}.",
        "The control record states {value} as the closing balance of the month before; the feed in force has {proposed}.",
    ),
    _warning(
        "FEED_PREVIOUS_SUM_UNSTATED", "control",
        "Bản đối chiếu không ghi dư nợ cuối tháng trước (chỉ tệp đầu tiên được để trống); tệp tháng trước đang có hiệu lực là {proposed}.",
        "The control record states no closing balance of the month before (only the first file may); the feed in force has {proposed}.",
    ),
    _warning(
        "FEED_NEXT_MONTH_DIFFERS", "reconciliation",
        "{at_vi}: closing_balance {value} ≠ đầu kỳ {proposed} của tháng sau đang có hiệu lực. Nếu số sửa này đúng, hãy gửi lại cả tháng sau.",
        "{at_en}: closing_balance {value} ≠ the opening {proposed} of the following month, which is in force. If this correction is right, send that month again too.",
    ),
    _warning(
        "LOAN_CUSTOMER_CITIZEN_CHANGED", "consistency",
        "{at_vi}: khách hàng này những tháng trước mang số định danh khác, nay là {value}: một người có thể bị đếm thành hai. Hãy sửa tháng sai và gửi lại cả tháng đó.",
        "{at_en}: in earlier months this customer had another citizen id than {value}: one person may count as two. Mend the month that is wrong and send it again.",
    ),
    _warning(
        "LOAN_CITIZEN_CUSTOMER_CHANGED", "consistency",
        "{at_vi}: số định danh này những tháng trước là của khách hàng khác, nay là {value}: hai người có thể bị đếm thành một. Hãy sửa tháng sai và gửi lại cả tháng đó.",
        "{at_en}: in earlier months this citizen id was another customer's than {value}: two persons may count as one. Mend the month that is wrong and send it again.",
    ),
    _warning(
        "LOAN_GROUP_PLACE_DIFFERS", "reconciliation",
        "{position}: {lines} tổ thuộc xã hoặc tổ chức hội khác với tệp kia cùng tháng ({matters}): {value}.",
        "{position}: {lines} groups stand in another commune or organisation than in the other kind of the month ({matters}): {value}.",
    ),
    _warning(
        "LOAN_SUMMARY_TOTALS_DIFFER", "reconciliation",
        "{position}: ở {lines} xã, tổ chức và chương trình, tổng các khoản vay khác dòng tổng hợp cùng tháng ({matters}): {value}.",
        "{position}: in {lines} communes, organisations and programmes the loans do not add up to the summary of the month ({matters}): {value}.",
    ),
    _warning(
        "GROUP_SUMMARY_TOTALS_DIFFER", "reconciliation",
        "{position}: ở {lines} xã và tổ chức, tổng các tổ khác dòng tổng hợp cùng tháng ({matters}): {value}.",
        "{position}: in {lines} communes and organisations the groups do not add up to the summary of the month ({matters}): {value}.",
    ),
    _warning(
        "LOAN_GROUP_TOTALS_DIFFER", "reconciliation",
        "{position}: {lines} tổ có tổng các khoản vay khác dòng của tổ cùng tháng ({matters}): {value}.",
        "{position}: in {lines} groups the loans do not add up to the group's own line of the month ({matters}): {value}.",
    ),
)  # fmt: skip

FEED_RULES: tuple[Rule, ...] = (
    *_FILE_RULES, *_STRUCTURE_RULES, *_CELL_RULES, *_LOAN_RULES, *_GROUP_RULES, *_HISTORY_RULES,
)  # fmt: skip
