-- What the columns of the release views mean, in both languages, as for every other published column.
comment on column published.release_info.published_at is 'When it was published · Thời điểm công bố';
comment on column published.release_info.verdict is 'What the gate said of it · Kết luận của cửa kiểm định';
comment on column published.release_info.coverage_pct is
'Share of the reports owed that have come, in percent · Tỷ lệ báo cáo phải nộp đã nhận, %';
comment on column published.release_info.receipts is 'Files that it rests on · Số tệp làm căn cứ';
comment on column published.release_info.findings_open is 'Findings not answered yet · Số phát hiện còn mở';
comment on column published.release_info.code_version is 'Version of the warehouse that made it · Phiên bản phần mềm';
comment on column published.release_history.published_at is 'When it was published · Thời điểm công bố';
comment on column published.release_history.verdict is 'What the gate said of it · Kết luận của cửa kiểm định';
comment on column published.release_history.coverage_pct is
'Share of the reports owed that have come, in percent · Tỷ lệ báo cáo phải nộp đã nhận, %';
comment on column published.release_history.receipts is 'Files that it rests on · Số tệp làm căn cứ';
comment on column published.release_history.findings_open is 'Findings not answered yet · Số phát hiện còn mở';
comment on column published.release_history.code_version is
'Version of the warehouse that made it · Phiên bản phần mềm';
comment on column published.release_history.row_counts is 'Rows of each table · Số dòng của từng bảng';
comment on column published.release_history.is_in_force is
'Whether it is the one that readers see · Có phải bản đang hiệu lực';
comment on column published.release_info.release_id is 'Its number · Số của bản phát hành';
comment on column published.release_history.release_id is 'Its number · Số của bản phát hành';
