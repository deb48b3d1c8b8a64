package identifier

// radicalPairs are the rows of Unicode's EquivalentUnifiedIdeograph.txt (version
// 14.0.0) that NFKC does not map: a radical or stroke, then the ideograph that it
// looks like. Text copied from a PDF often holds the radical. NFKC maps the 214
// Kangxi radicals of that file by itself.
//
// The data are © 1991-2021 Unicode, Inc., used under the Unicode License
// (https://www.unicode.org/license.txt), which allows copying with this notice.
const radicalPairs = "" +
	"⺁厂⺂乛⺃乚⺄乙⺅亻⺆冂⺇𠘨⺈刀⺉刂⺊卜⺋㔾⺌小⺍小⺎兀⺏尣⺐尢" +
	"⺑𡯂⺒巳⺓幺⺔彑⺕彐⺖忄⺗心⺘扌⺙攵⺛旡⺜日⺝月⺞歺⺠民⺡氵⺢氺" +
	"⺣灬⺤爫⺥爫⺦丬⺧牛⺨犭⺩王⺪𤴔⺫目⺬示⺭礻⺮𥫗⺯糹⺰纟⺱罓⺲罒" +
	"⺳㓁⺴冗⺵𦉫⺶羊⺷𦍌⺸𦍋⺹耂⺺肀⺻聿⺼肉⺽𦥑⺾艹⺿艹⻀艹⻁虎⻂衤" +
	"⻃覀⻄西⻅见⻆角⻇𧢲⻈讠⻉贝⻊𧾷⻋车⻌辶⻍辶⻎辶⻏邑⻐钅⻑長⻒镸" +
	"⻓长⻔门⻕𨸏⻖阝⻗雨⻘青⻙韦⻚页⻛风⻜飞⻝食⻞𩙿⻟飠⻠饣⻡𩠐⻢马" +
	"⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻪黾⻫斉⻬齐⻭歯⻮齿⻯竜⻰龙⻱龜⻲亀" +
	"㇆𠃌㇏乀㇐一㇑丨㇒丿㇓丿㇔丶㇕𠃍㇖乛㇗𠃊㇘𠃎㇙𠄌㇚亅㇛𡿨㇜𠃋㇝乀" +
	"㇞𠃑㇟乚㇠乙㇡𠄎"

// privatePairs are the private-use characters that GBK and GB 18030-2000 and -2005
// gave to characters that Unicode encodes since, each before its character as GB
// 18030-2022 maps it. Older fonts and identity card systems still write them:
// U+E863 is 䶮.
const privatePairs = "" +
	"\ue76c\u20ac\ue78d\ufe10\ue78e\ufe12\ue78f\ufe11\ue790\ufe13\ue791\ufe14\ue792\ufe15\ue793\ufe16" +
	"\ue794\ufe17\ue795\ufe18\ue796\ufe19\ue7c7ḿ\ue7c8ǹ\ue7e7\u303e\ue7e8⿰\ue7e9⿱" +
	"\ue7ea⿲\ue7eb⿳\ue7ec⿴\ue7ed⿵\ue7ee⿶\ue7ef⿷\ue7f0⿸\ue7f1⿹" +
	"\ue7f2⿺\ue7f3⿻\ue815⺁\ue816𠂇\ue817𠂉\ue818𠃌\ue819⺄\ue81a㑳" +
	"\ue81b㑇\ue81c⺈\ue81d⺋\ue81e龴\ue81f㖞\ue820㘚\ue821㘎\ue822⺌" +
	"\ue823⺗\ue824㥮\ue825㤘\ue826龵\ue827㧏\ue828㧟\ue829㩳\ue82a㧐" +
	"\ue82b龶\ue82c龷\ue82d㭎\ue82e㱮\ue82f㳠\ue830⺧\ue831𡗗\ue832龸" +
	"\ue833⺪\ue834䁖\ue835䅟\ue836⺮\ue837䌷\ue838⺳\ue839⺶\ue83a⺷" +
	"\ue83b𢦏\ue83c䎱\ue83d䎬\ue83e⺻\ue83f䏝\ue840䓖\ue841䙡\ue842䙌" +
	"\ue843龹\ue844䜣\ue845䜩\ue846䝼\ue847䞍\ue848⻊\ue849䥇\ue84a䥺" +
	"\ue84b䥽\ue84c䦂\ue84d䦃\ue84e䦅\ue84f䦆\ue850䦟\ue851䦛\ue852䦷" +
	"\ue853䦶\ue854龺\ue855𤇾\ue856䲣\ue857䲟\ue858䲠\ue859䲡\ue85a䱷" +
	"\ue85b䲢\ue85c䴓\ue85d䴔\ue85e䴕\ue85f䴖\ue860䴗\ue861䴘\ue862䴙" +
	"\ue863䶮\ue864龻"

// variantPairs are traditional, Japanese and other written forms and the simplified
// form that the mainland's identity documents use: those that are frequent in
// names. They make a likeness for a person to judge, never equality, since one
// form can belong to several characters.
const variantPairs = "" +
	"陳陈張张劉刘趙赵孫孙吳吴呉吴鄭郑馮冯蔣蒋韓韩楊杨許许呂吕嚴严華华謝谢鄒邹竇窦蘇苏" +
	"範范魯鲁韋韦馬马鳳凤鮑鲍費费賀贺湯汤羅罗畢毕鄔邬樂乐時时齊齐斉齐齋斋斎斋龐庞紀纪" +
	"項项藍蓝閔闵強强賈贾婁娄顏颜顔颜鍾钟鐘钟駱骆盧卢應应鄧邓單单龔龚車车萬万寧宁欒栾" +
	"劍剑葉叶鄺邝閻阎閆闫衛卫衞卫莊庄庒庄荊荆郟郏滿满聶聂關关東东歐欧蕭萧簫箫賴赖樓楼" +
	"譚谭師师鞏巩勵励饒饶黃黄龍龙竜龙龜龟亀龟鳥鸟魚鱼買买賣卖貝贝員员圓圆円圆貴贵賢贤" +
	"贊赞賽赛贏赢頁页順顺須须預预領领頻频題题額额願愿顧顾飛飞馳驰駿骏騰腾騫骞驊骅麗丽" +
	"麥麦門门開开閩闽聞闻閱阅闊阔閃闪閑闲間间隊队陽阳陰阴際际陸陆隨随險险隱隐雲云電电" +
	"靈灵霧雾靜静靑青淸清響响韻韵頌颂風风飄飘飯饭飲饮館馆爾尔爺爷牆墙狀状獨独獲获獻献" +
	"環环現现瑪玛瑋玮瓊琼瑤瑶産产產产畫画異异當当療疗癥症發发皚皑盜盗監监盤盘眾众碩硕" +
	"確确碼码禮礼禎祯禪禅種种稱称穎颖積积穩稳窮穷竊窃競竞筆笔節节築筑簡简簽签籃篮糧粮" +
	"緊紧紅红紋纹納纳純纯紙纸級级紛纷終终組组細细結结絕绝絡络給给統统絲丝經经経经綠绿" +
	"維维綱纲網网綿绵緒绪緣缘編编緯纬練练縣县縱纵總总績绩織织繪绘繼继續续纖纤聖圣聰聪" +
	"聯联聲声聽听職职肅肃腦脑臉脸膽胆臺台臨临與与興兴舉举舊旧艦舰艷艳藝艺莖茎蒼苍蓮莲" +
	"蔭荫薩萨藥药藹蔼蘭兰處处號号虛虚蟲虫術术裝装補补裡里複复見见規规視视親亲覺觉覽览" +
	"觀观觸触計计訂订討讨訊讯訓训記记設设訪访診诊證证証证評评詞词試试詩诗話话該该詳详" +
	"語语誠诚誤误說说説说誰谁課课調调請请諒谅論论諸诸諾诺謀谋謙谦講讲識识譜谱議议護护" +
	"讀读變变讓让豐丰豔艳負负財财貢贡貧贫貨货販贩貫贯責责貯贮貸贷貿贸資资質质賓宾賞赏" +
	"賬账購购贈赠趕赶躍跃軍军軒轩軟软較较載载輔辅輕轻輝辉輪轮輸输轉转辦办辭辞農农迴回" +
	"運运過过達达違违遠远適适選选遷迁遼辽還还邊边邏逻郵邮鄉乡鄰邻醫医釋释針针釣钓鈞钧" +
	"鈴铃鉄铁鐵铁銀银銅铜銘铭銳锐銷销鋒锋鋼钢錄录録录錢钱錦锦鍵键鎮镇鏡镜鑄铸鑑鉴鑒鉴" +
	"鑽钻長长專专將将對对導导尋寻寶宝實实審审寫写寬宽層层屬属岡冈島岛峽峡崗岗嶺岭巖岩" +
	"幣币帥帅帶带幫帮幹干庫库廠厂廣广広广廈厦廳厅彌弥彎弯彥彦後后徑径從从復复徵征徳德" +
	"恆恒悅悦愛爱慶庆憲宪憶忆懷怀戀恋戰战戶户戸户擁拥擇择擊击擔担據据攝摄敵敌數数斷断" +
	"於于昇升晉晋曉晓暉晖暢畅曆历歷历書书會会條条來来楓枫榮荣樺桦機机權权欽钦歡欢歲岁" +
	"殺杀毀毁気气氣气漢汉決决沖冲況况洶汹淚泪淺浅渾浑湧涌溫温滄沧滅灭準准溝沟滬沪滾滚" +
	"漁渔潔洁潤润澤泽沢泽濟济済济濤涛濱滨濵滨瀏浏灣湾灘滩為为爲为烏乌無无煙烟煒炜煥焕" +
	"熱热燈灯燒烧燦灿爐炉犧牺亞亚亜亚備备傑杰傳传傷伤債债傾倾僅仅僑侨價价儀仪億亿優优" +
	"儲储儷俪兒儿內内兩两冊册凈净淨净凱凯別别刪删則则剛刚創创劃划劇剧勁劲動动務务勛勋" +
	"勝胜勞劳勢势匯汇區区協协卻却參参叢丛啓启啟启問问喬乔喪丧嘗尝嚮向囑嘱團团國国圍围" +
	"園园圖图塊块塗涂塵尘壇坛壓压壯壮壽寿夢梦奧奥奪夺奮奋妝妆姍姗娛娱婦妇媽妈嫻娴嬋婵" +
	"嬌娇學学孿孪宮宫寢寝髙高﨑崎鵬鹏鴻鸿鶴鹤鷹鹰鳴鸣黨党點点齡龄業业偉伟倫伦個个們们" +
	"倉仓佈布佔占併并侖仑係系俠侠衆众裏里峯峰羣群牀床綫线線线勳勋"
